import AuthenticationTesting
import Inventory
import RateLimiting
import Testing

@testable import Access
@testable import Authentication

@Suite("Authenticator")
struct AuthenticatorTests {
    @Test("a stored key speaks for its principal, with the stores and rates that it is granted")
    func known() async throws {
        let (credentials, key) = (Credentials(), APIKey.generate())
        let scope = StoreScope.only([StoreID(rawValue: 2)])
        let rates = RateOverrides(readsPerSecond: 5)
        credentials.store(key, Grant(role: .clerk, scope: scope, rates: rates))
        let principal = try await Watchman(credentials).principal(presenting: key)
        #expect(principal == Principal(id: "key:\(key.id)", role: .clerk, scope: scope, rates: rates))
    }

    @Test("an unknown key, and a wrong secret under a known id, are refused alike")
    func refused() async throws {
        let (credentials, key) = (Credentials(), APIKey.generate())
        credentials.store(key)
        let watchman = Watchman(credentials)
        let guess = APIKey(id: key.id, secret: String(repeating: "a", count: 22))
        #expect(try await watchman.principal(presenting: APIKey.generate()) == nil)
        #expect(try await watchman.principal(presenting: guess) == nil)
        #expect(credentials.lookUps == 2)
    }

    @Test("what cannot be a credential costs no look-up, and is not remembered")
    func noCredential() async throws {
        let credentials = Credentials()
        let watchman = Watchman(credentials)
        let key = APIKey.generate().token
        for text in [
            "Bearer \(key.dropLast())-", key, "", "Bearer", "Bearer ", "Token \(key)", "Bearer \(key) x",
            "Bearer \(key), Bearer \(key)", "Basic \(key)", "Basic YTpi=", "Basic Og==", "Basic " + base64("a"),
            "Basic " + base64("A:password"), "Basic " + base64("a b:password"), "Basic " + base64("a:pass\u{0}word"),
            "Basic " + base64(":password"), "Basic " + base64("a:"),
            "Bearer \(key)\(String(repeating: "a", count: 8_192))", "Bearer é\(key)",
        ] {
            #expect(try await watchman.principal(presenting: text) == nil, "\(text.prefix(80))")
            #expect(watchman.remembered(text) == nil)
        }
        #expect(credentials.lookUps == 0)
    }

    @Test("the scheme's case and the blanks after it do not matter")
    func schemes() async throws {
        let (credentials, key) = (Credentials(), APIKey.generate())
        credentials.store(key)
        credentials.store("ana", "password")
        let watchman = Watchman(credentials)
        for scheme in ["Bearer", "bearer", "BEARER", "BeArEr  "] {
            #expect(try await watchman.principal(presenting: "\(scheme) \(key.token)") != nil)
        }
        for scheme in ["Basic", "basic", "BASIC "] {
            #expect(try await watchman.principal(presenting: "\(scheme) \(base64("ana:password"))") != nil)
        }
    }

    @Test("a credential that was good is familiar for twelve hours, until it is refused")
    func familiar() async throws {
        let (credentials, key, clock) = (Credentials(), APIKey.generate(), TestClock())
        credentials.store(key)
        let watchman = Watchman(credentials, clock: clock)
        let header = "Bearer \(key.token)"
        func isFamiliar() -> Bool { watchman.authenticator.isRecentlyVerified(header, from: .shop) }
        #expect(!isFamiliar())
        #expect(try await watchman.principal(presenting: key) != nil)
        clock.advance(by: .seconds(12 * 3_600))
        #expect(watchman.remembered(header) == nil)
        #expect(isFamiliar())
        credentials.store(key, revokedAt: clock.wall)
        #expect(try await watchman.principal(presenting: key) == nil)
        #expect(!isFamiliar())
    }

    @Test("an expired key is refused, and one that expires soon is not remembered for longer")
    func expired() async throws {
        let (credentials, old, young, clock) = (Credentials(), APIKey.generate(), APIKey.generate(), TestClock())
        credentials.store(old, expiresAt: clock.wall)
        credentials.store(young, expiresAt: Timestamp(microseconds: clock.wall.microseconds + 2_000_000))
        let watchman = Watchman(credentials, clock: clock)
        #expect(try await watchman.principal(presenting: old) == nil)
        #expect(try await watchman.principal(presenting: young) != nil)
        clock.advance(by: .milliseconds(1_999))
        #expect(try await watchman.principal(presenting: young) != nil)
        clock.advance(by: .milliseconds(1))
        #expect(try await watchman.principal(presenting: young) == nil)
    }

    @Test("a revoked key is refused within five seconds, by every instance")
    func revocation() async throws {
        let (credentials, key, clock) = (Credentials(), APIKey.generate(), TestClock())
        credentials.store(key)
        let watchmen = [Watchman(credentials, clock: clock), Watchman(credentials, clock: clock)]
        for watchman in watchmen { #expect(try await watchman.principal(presenting: key) != nil) }
        credentials.store(key, revokedAt: clock.wall)
        clock.advance(by: .milliseconds(4_999))
        for watchman in watchmen { #expect(try await watchman.principal(presenting: key) != nil) }
        #expect(credentials.lookUps == 2)
        clock.advance(by: .milliseconds(1))
        for watchman in watchmen { #expect(try await watchman.principal(presenting: key) == nil) }
        #expect(credentials.lookUps == 4)
    }

    @Test("a store that does not answer is no refusal, and is asked again")
    func unavailable() async throws {
        let (credentials, key) = (Credentials(), APIKey.generate())
        credentials.store(key)
        credentials.isAvailable = false
        let watchman = Watchman(credentials)
        await #expect(throws: AuthenticationError.self) { try await watchman.principal(presenting: key) }
        credentials.isAvailable = true
        #expect(try await watchman.principal(presenting: key) != nil)
    }

    @Test("requests that come while a key is being looked up wait for the same look-up")
    func shared() async throws {
        let (credentials, key) = (Credentials(), APIKey.generate())
        credentials.store(key)
        credentials.isHeld = true
        let watchman = Watchman(credentials)
        try await withThrowingTaskGroup { group in
            for _ in 0..<50 { group.addTask { try await watchman.principal(presenting: key) } }
            // The look-up that is held began with the first of them; others have time to begin their own.
            while credentials.lookUps == 0 { await Task.yield() }
            for _ in 0..<1_000 { await Task.yield() }
            credentials.isHeld = false
            for try await principal in group { #expect(principal != nil) }
        }
        #expect(credentials.lookUps == 1)
    }

    @Test("a token is remembered until it expires, for five seconds at most; without keys there are no tokens")
    func tokens() async throws {
        let (issuer, clock) = (TokenIssuer.shared, TestClock())
        let verifier = try await issuer.verifier()
        let watchman = Watchman(Credentials(), tokens: verifier, clock: clock)
        func header(expiringIn seconds: Int64) throws -> String {
            "Bearer " + (try issuer.token(at: TestClock.start, claims: ["exp": "\(TestClock.start + seconds)"]))
        }
        let (long, short, late) = (
            try header(expiringIn: 600), try header(expiringIn: 2), try header(expiringIn: -10)
        )
        for header in [long, short, late] {
            #expect(try await watchman.principal(presenting: header)?.id == "token:till-3")
        }
        // Its time was over but for the leeway: that is looked at each time.
        #expect(watchman.remembered(late) == nil)
        clock.advance(by: .milliseconds(1_999))
        #expect(watchman.remembered(short) != nil)
        clock.advance(by: .milliseconds(1))
        #expect(watchman.remembered(short) == nil)
        #expect(watchman.remembered(long) != nil)
        clock.advance(by: .seconds(3))
        #expect(watchman.remembered(long) == nil)
        #expect(try await Watchman(Credentials()).principal(presenting: long) == nil)
    }

    private func base64(_ text: String) -> String { Base64.encode(text.utf8, .padded) }
}

@Suite("Credential cache")
struct CredentialCacheTests {
    @Test("it never holds more than its capacity, and holds what came last")
    func bounded() throws {
        let now = ContinuousClock.now
        let principal = Principal(id: "key:a", role: .reader)
        var cache = CredentialCache(capacity: 3)
        let credentials = try (0..<100).map { try credential("Bearer \($0)") }
        for credential in credentials {
            cache.remember(principal, presenting: credential, until: now + .seconds(5), at: now)
            let held = credentials.count { cache.principal(presenting: $0, at: now) != nil }
            #expect((1...3).contains(held))
            #expect(cache.principal(presenting: credential, at: now) != nil)
        }
    }

    @Test("when it is full, what has expired makes room")
    func expiredFirst() throws {
        let now = ContinuousClock.now
        let principal = Principal(id: "key:a", role: .reader)
        var cache = CredentialCache(capacity: 2)
        let old = try credential("Bearer old")
        let young = try credential("Bearer young")
        cache.remember(principal, presenting: old, until: now + .seconds(1), at: now)
        cache.remember(principal, presenting: young, until: now + .seconds(5), at: now)
        let later = now + .seconds(2)
        let new = try credential("Bearer new")
        cache.remember(principal, presenting: new, until: later + .seconds(5), at: later)
        #expect(cache.principal(presenting: young, at: later) != nil)
        #expect(cache.principal(presenting: old, at: later) == nil)
    }

    @Test(
        "the spellings of a header are one credential, and its scheme, its value and a password's site are part of it")
    func spellings() throws {
        let key = try credential("Bearer khata_1")
        for spelling in ["bearer khata_1", "BEARER   khata_1"] { #expect(try credential(spelling) == key) }
        let site = ClientAddress.shop
        let others = try [
            credential("Bearer khata_2"), credential("Bearer khata_1 "), credential("Bearer "),
            credential("Basic khata_1"), credential("Basic khata_1", from: site),
            credential("Basic khata_1", from: .other(1)),
        ]
        #expect(Set(others + [key]).count == others.count + 1)
        #expect(AuthorizationHeader("Bearer") == nil && AuthorizationHeader("Digest a") == nil)
    }

    private static let hash = SipHash(key: 1, 2)

    private func credential(_ text: String, from site: ClientAddress? = nil) throws -> PresentedCredential {
        PresentedCredential(try #require(AuthorizationHeader(text)), from: site, hashedBy: Self.hash)
    }
}

@Suite("SipHash")
struct SipHashTests {
    /// `vectors_sip128` of the reference code: the key is 00 … 0f, and an input of n bytes is 00 … n-1.
    @Test(
        "the digests are those of the reference code",
        arguments: [
            (0, 0xe6a8_25ba_047f_81a3, 0x9302_55c7_1472_f66d), (1, 0x44af_996b_d8c1_87da, 0x45fc_229b_1159_7634),
        ] as [(UInt8, UInt64, UInt64)])
    func vectors(count: UInt8, low: UInt64, high: UInt64) {
        let hash = SipHash(key: 0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)
        let digest = Array(0..<count).withUnsafeBytes { hash.digest(of: $0) }
        #expect(digest == SipHash.Digest(low: low, high: high))
    }

    @Test("a word that is added is eight bytes of input, whatever follows", arguments: 0..<40 as Range<UInt8>)
    func words(count: UInt8) {
        var hash = SipHash(key: 3, 4)
        let whole = ([1, 0, 0, 0, 0, 0, 0, 0] + Array(0..<count)).withUnsafeBytes { hash.digest(of: $0) }
        hash.add(1)
        #expect(Array(0..<count).withUnsafeBytes { hash.digest(of: $0) } == whole)
    }
}

@Suite("Uses of keys")
struct KeyUsesTests {
    @Test("they are written together, and the last of each key only")
    func together() async throws {
        let (credentials, clock) = (Credentials(), TestClock())
        let keys = (0..<3).map { _ in APIKey.generate() }
        for key in keys { credentials.store(key) }
        let watchman = Watchman(credentials, clock: clock)
        for _ in 0..<3 {
            for key in keys { #expect(try await watchman.principal(presenting: key) != nil) }
            clock.advance(by: .seconds(6))
        }
        #expect(try await watchman.principal(presenting: APIKey.generate()) == nil)
        #expect(credentials.uses.isEmpty)
        await watchman.uses.write()
        let last = Timestamp(microseconds: clock.wall.microseconds - 6_000_000)
        #expect(credentials.uses == [Dictionary(uniqueKeysWithValues: keys.map { ($0.id, last) })])
        await watchman.uses.write()
        #expect(credentials.uses.count == 1)
        // Once an hour for each key.
        for (seconds, count) in [(60, 1), (3_540 - 18, 1), (18, 2)] {
            clock.advance(by: .seconds(seconds))
            for key in keys { #expect(try await watchman.principal(presenting: key) != nil) }
            await watchman.uses.write()
            #expect(credentials.uses.count == count)
        }
    }

    @Test("no more of them are kept than there is room for, and what cannot be written is told of")
    func bounded() async throws {
        let (credentials, log) = (Credentials(), CollectedLog())
        let uses = KeyUses(store: credentials, logger: log.logger)
        for number in 0..<(KeyUses.maximum + 10) { uses.note("\(number)", at: .latest) }
        await uses.write()
        #expect(credentials.uses.map(\.count) == [KeyUses.maximum])
        credentials.isAvailable = false
        uses.note("a", at: .latest)
        await uses.write()
        #expect(log.text.contains("could not be written"))
    }
}
