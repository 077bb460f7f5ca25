import Inventory
import Logging
import RateLimiting
import Synchronization

@testable import Access
@testable import Authentication

/// Keys and users in memory, which count how often they are looked up.
final class Credentials: CredentialStoring {
    private struct State {
        var keys: [String: APIKeyRecord] = [:]
        var users: [UserName: UserRecord] = [:]
        var uses: [[String: Timestamp]] = []
        var lookUps = 0
        var isAvailable = true
        var isHeld = false
    }

    private let state = Mutex(State())

    var lookUps: Int { state.withLock { $0.lookUps } }
    /// What was noted together, each time.
    var uses: [[String: Timestamp]] { state.withLock { $0.uses } }

    var isAvailable: Bool {
        get { state.withLock { $0.isAvailable } }
        set { state.withLock { $0.isAvailable = newValue } }
    }

    /// Whether look-ups wait.
    var isHeld: Bool {
        get { state.withLock { $0.isHeld } }
        set { state.withLock { $0.isHeld = newValue } }
    }

    func store(
        _ key: APIKey, _ grant: Grant = Grant(role: .reader), expiresAt: Timestamp? = nil, revokedAt: Timestamp? = nil
    ) {
        let record = APIKeyRecord(
            id: key.id, number: APIKeyNumber(rawValue: 1), name: "test", grant: grant, secretHash: key.secretHash,
            createdAt: Timestamp(microseconds: 0), expiresAt: expiresAt, revokedAt: revokedAt)
        state.withLock { $0.keys[key.id] = record }
    }

    func store(
        _ name: String, _ password: String, _ grant: Grant = Grant(role: .reader), disabledAt: Timestamp? = nil
    ) {
        let hash = PasswordHash(of: Password(presented: password)!, cost: .cheap)
        let user = UserRecord(
            name: UserName(name)!, passwordHash: hash.description, grant: grant,
            createdAt: Timestamp(microseconds: 0), disabledAt: disabledAt)
        state.withLock { $0.users[user.name] = user }
    }

    private func lookUp<Value: Sendable>(
        _ value: @Sendable (State) -> Value
    ) async throws(LedgerError) -> Value {
        state.withLock { $0.lookUps += 1 }
        while isHeld { await Task.yield() }
        guard isAvailable else { throw .unavailable }
        return state.withLock { value($0) }
    }

    func apiKey(_ id: String) async throws(LedgerError) -> APIKeyRecord? { try await lookUp { $0.keys[id] } }
    func user(_ name: UserName) async throws(LedgerError) -> UserRecord? { try await lookUp { $0.users[name] } }

    func noteUses(_ uses: [String: Timestamp]) async throws(LedgerError) {
        guard isAvailable else { throw .unavailable }
        state.withLock { $0.uses.append(uses) }
    }

    func storeAPIKeys(
        _ actions: [(id: String, AuditAction)], _ context: CommandContext,
        _ change: @escaping CredentialChange<APIKeyRecord>
    ) async throws(LedgerError) -> [APIKeyRecord] { throw .internalFailure }
    func apiKeys(
        after number: APIKeyNumber?, limit: Int
    ) async throws(LedgerError) -> Page<APIKeyRecord, APIKeyNumber> { throw .internalFailure }
    func storeUsers(
        _ actions: [(id: UserName, AuditAction)], _ context: CommandContext,
        _ change: @escaping CredentialChange<UserRecord>
    ) async throws(LedgerError) -> [UserRecord] { throw .internalFailure }
    func users(after name: UserName?, limit: Int) async throws(LedgerError) -> Page<UserRecord, UserName> {
        throw .internalFailure
    }
}

extension ScryptCost {
    static let cheap = ScryptCost(ln: 4, r: 1, p: 1)!
}

/// An authenticator whose time stands still unless it is moved.
struct Watchman {
    let authenticator: Authenticator
    let uses: KeyUses
    private let clock: TestClock

    init(
        _ credentials: Credentials, tokens: TokenVerifier? = nil,
        passwords: PasswordHasher? = PasswordHasher(waiting: 8, cost: .cheap), clock: TestClock = TestClock(),
        logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        self.clock = clock
        uses = KeyUses(store: credentials, logger: logger)
        let clock = AccessClock(now: { clock.instant }, wall: { clock.wall })
        authenticator = Authenticator(
            CredentialVerifier(
                credentials: credentials, uses: uses, passwords: passwords, tokens: tokens, clock: clock,
                logger: logger),
            capacity: 10, clock: clock)
    }

    /// What the HTTP server does.
    func principal(
        presenting authorization: String, from address: ClientAddress = .shop
    ) async throws -> Principal? {
        if let principal = remembered(authorization, from: address) { return principal }
        return try await authenticator.principal(presenting: authorization, from: address)
    }

    func remembered(_ authorization: String, from address: ClientAddress = .shop) -> Principal? {
        authenticator.remembered(authorization, from: address)
    }

    func principal(presenting key: APIKey) async throws -> Principal? {
        try await principal(presenting: "Bearer \(key.token)")
    }

    func principal(
        named name: String, _ password: String, from address: ClientAddress = .shop
    ) async throws -> Principal? {
        try await principal(
            presenting: "Basic " + Base64.encode("\(name):\(password)".utf8, .padded), from: address)
    }
}

extension ClientAddress {
    static let shop = ClientAddress(bytes: [192, 0, 2, 1])!

    /// One of many other addresses.
    static func other(_ number: Int) -> ClientAddress {
        ClientAddress(bytes: [10, UInt8(number >> 16 & 0xFF), UInt8(number >> 8 & 0xFF), UInt8(number & 0xFF)])!
    }
}

final class TestClock: Sendable {
    /// In the year 2027.
    static let start: Int64 = 1_800_000_000
    private let elapsed = Mutex(Duration.zero)
    private let first = ContinuousClock.now

    var instant: ContinuousClock.Instant { first + elapsed.withLock { $0 } }
    var wall: Timestamp {
        Timestamp(microseconds: Self.start * 1_000_000 + Int64(elapsed.withLock { $0 } / .microseconds(1)))
    }

    func advance(by duration: Duration) { elapsed.withLock { $0 += duration } }
}
