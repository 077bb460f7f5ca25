import Inventory
import Synchronization
import Testing

@testable import Access

@Suite("Authenticator")
struct AuthenticatorTests {
    @Test("a stored key speaks for its principal")
    func known() async throws {
        let (keys, key) = (Keys(), APIKey.generate())
        keys.store(key, role: .clerk)
        let principal = try await Authenticator(keys: keys).principal(presenting: key.token[...])
        #expect(principal == Principal(id: "key:\(key.id)", role: .clerk))
    }

    @Test("an unknown key, and a wrong secret under a known id, are refused alike")
    func refused() async throws {
        let (keys, key) = (Keys(), APIKey.generate())
        keys.store(key)
        let authenticator = Authenticator(keys: keys)
        let guess = APIKey(id: key.id, secret: String(repeating: "a", count: 22))
        #expect(try await authenticator.principal(presenting: APIKey.generate().token[...]) == nil)
        #expect(try await authenticator.principal(presenting: guess.token[...]) == nil)
        #expect(keys.lookUps == 2)
    }

    @Test("a bad checksum costs no look-up")
    func badChecksum() async throws {
        let keys = Keys()
        let token = APIKey.generate().token.dropLast() + "-"
        #expect(try await Authenticator(keys: keys).principal(presenting: token) == nil)
        #expect(keys.lookUps == 0)
    }

    @Test("an expired key is refused, one that expires later is not")
    func expired() async throws {
        let (keys, old, young) = (Keys(), APIKey.generate(), APIKey.generate())
        keys.store(old, expiresAt: Timestamp(microseconds: 1))
        keys.store(young, expiresAt: .latest)
        let authenticator = Authenticator(keys: keys)
        #expect(try await authenticator.principal(presenting: old.token[...]) == nil)
        #expect(try await authenticator.principal(presenting: young.token[...]) != nil)
    }

    @Test("a verified key is remembered, and looked up again after five seconds: a revoked one is refused then")
    func revocation() async throws {
        let (keys, key, clock) = (Keys(), APIKey.generate(), TestClock())
        keys.store(key)
        let authenticator = Authenticator(keys: keys, capacity: 10, now: { clock.now })
        #expect(try await authenticator.principal(presenting: key.token[...]) != nil)
        keys.store(key, revokedAt: Timestamp(microseconds: 1))
        clock.advance(by: .milliseconds(4_999))
        #expect(try await authenticator.principal(presenting: key.token[...]) != nil)
        #expect(keys.lookUps == 1)
        clock.advance(by: .milliseconds(1))
        #expect(try await authenticator.principal(presenting: key.token[...]) == nil)
        #expect(keys.lookUps == 2)
    }

    @Test("a store that does not answer is no refusal, and is asked again")
    func unavailable() async throws {
        let (keys, key) = (Keys(), APIKey.generate())
        keys.store(key)
        keys.isAvailable = false
        let authenticator = Authenticator(keys: keys)
        await #expect(throws: LedgerError.self) { try await authenticator.principal(presenting: key.token[...]) }
        keys.isAvailable = true
        #expect(try await authenticator.principal(presenting: key.token[...]) != nil)
    }

    @Test("requests that come while a key is being looked up wait for the same look-up")
    func shared() async throws {
        let (keys, key) = (Keys(), APIKey.generate())
        keys.store(key)
        keys.isHeld = true
        let authenticator = Authenticator(keys: keys)
        try await withThrowingTaskGroup { group in
            for _ in 0..<50 { group.addTask { try await authenticator.principal(presenting: key.token[...]) } }
            // The look-up that is held began with the first of them; others have time to begin their own.
            while keys.lookUps == 0 { await Task.yield() }
            for _ in 0..<1_000 { await Task.yield() }
            keys.isHeld = false
            for try await principal in group { #expect(principal != nil) }
        }
        #expect(keys.lookUps == 1)
    }
}

@Suite("Credential cache")
struct CredentialCacheTests {
    @Test("it never holds more than its capacity, and holds what came last")
    func bounded() {
        let now = ContinuousClock.now
        let principal = Principal(id: "key:a", role: .reader)
        var cache = CredentialCache(capacity: 3)
        for number in 0..<100 {
            cache.remember(principal, presenting: "\(number)", until: now + .seconds(5), at: now)
            let held = (0..<100).count { cache.principal(presenting: "\($0)", at: now) != nil }
            #expect((1...3).contains(held))
            #expect(cache.principal(presenting: "\(number)", at: now) != nil)
        }
    }

    @Test("when it is full, what has expired makes room")
    func expiredFirst() {
        let now = ContinuousClock.now
        let principal = Principal(id: "key:a", role: .reader)
        var cache = CredentialCache(capacity: 2)
        cache.remember(principal, presenting: "old", until: now + .seconds(1), at: now)
        cache.remember(principal, presenting: "young", until: now + .seconds(5), at: now)
        let later = now + .seconds(2)
        cache.remember(principal, presenting: "new", until: later + .seconds(5), at: later)
        #expect(cache.principal(presenting: "young", at: later) != nil)
        #expect(cache.principal(presenting: "old", at: later) == nil)
    }
}

private final class TestClock: Sendable {
    private let instant = Mutex(ContinuousClock.now)
    var now: ContinuousClock.Instant { instant.withLock { $0 } }
    func advance(by duration: Duration) { instant.withLock { $0 += duration } }
}

/// Keys in memory, which count how often they are looked up.
private final class Keys: APIKeyStoring {
    private struct State {
        var records: [String: APIKeyRecord] = [:]
        var lookUps = 0
        var isAvailable = true
        var isHeld = false
    }

    private let state = Mutex(State())

    var lookUps: Int { state.withLock { $0.lookUps } }

    var isAvailable: Bool {
        get { state.withLock { $0.isAvailable } }
        set { state.withLock { $0.isAvailable = newValue } }
    }

    /// Whether look-ups wait.
    var isHeld: Bool {
        get { state.withLock { $0.isHeld } }
        set { state.withLock { $0.isHeld = newValue } }
    }

    func store(_ key: APIKey, role: Role = .reader, expiresAt: Timestamp? = nil, revokedAt: Timestamp? = nil) {
        let record = APIKeyRecord(
            id: key.id, name: "test", role: role, secretHash: key.secretHash, createdAt: Timestamp(microseconds: 0),
            expiresAt: expiresAt, revokedAt: revokedAt)
        state.withLock { $0.records[key.id] = record }
    }

    func apiKey(_ id: String) async throws(LedgerError) -> APIKeyRecord? {
        state.withLock { $0.lookUps += 1 }
        while isHeld { await Task.yield() }
        guard isAvailable else { throw .unavailable }
        return state.withLock { $0.records[id] }
    }

    func addAPIKey(
        id: String, name: String, role: Role, secretHash: [UInt8], expiresAt: Timestamp?
    ) async throws(LedgerError) -> APIKeyRecord {
        throw .internalFailure
    }
}
