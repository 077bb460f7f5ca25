import Dispatch
import Inventory
import ServerTesting
import Synchronization
import Testing

@testable import Access
@testable import Authentication

@Suite("Passwords")
struct PasswordTests {
    /// RFC 7914, section 12, but for the vector that takes 1 GiB.
    @Test(
        "scrypt is RFC 7914's",
        arguments: [
            (
                "", "", 4, 1, 1,
                "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                    + "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
            ),
            (
                "password", "NaCl", 10, 8, 16,
                "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                    + "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
            ),
            (
                "pleaseletmein", "SodiumChloride", 14, 8, 1,
                "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                    + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
            ),
        ])
    func vectors(password: String, salt: String, ln: Int, r: Int, p: Int, hash: String) throws {
        let cost = try #require(ScryptCost(ln: ln, r: r, p: p))
        let found = scrypt(Array(password.utf8), salt: Array(salt.utf8), cost, length: 64)
        #expect(found.map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined() == hash)
    }

    @Test("a hash is written as PHC strings are, reads back, and matches its password only")
    func roundTrip() throws {
        let (password, other) = (try password("correct horse"), try self.password("correct horsf"))
        let hash = PasswordHash(of: password, cost: .cheap)
        #expect(
            hash.description.wholeMatch(of: /\$scrypt\$ln=4,r=1,p=1\$[A-Za-z0-9+\/]{22}\$[A-Za-z0-9+\/]{43}/) != nil)
        let read = try #require(PasswordHash(hash.description))
        #expect(read.description == hash.description)
        #expect(read.matches(password))
        #expect(!read.matches(other))
        #expect(PasswordHash(of: password, cost: .cheap).description != hash.description)
        #expect(ScryptCost.standard == ScryptCost(ln: 14, r: 8, p: 5))
    }

    @Test(
        "what is no scrypt hash, or would take too much memory or time, is refused",
        arguments: [
            "", "scrypt", "$scrypt$ln=4,r=1,p=1$AAAAAAAAAAA", "$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAA$AAAA",
            "$scrypt$ln=4,r=1$\(salt)$\(hash)", "$scrypt$r=1,ln=4,p=1$\(salt)$\(hash)",
            "$scrypt$ln=+4,r=1,p=1$\(salt)$\(hash)", "$scrypt$ln=04,r=1,p=1$\(salt)$\(hash)",
            "$scrypt$ln=0,r=1,p=1$\(salt)$\(hash)", "$scrypt$ln=21,r=1,p=1$\(salt)$\(hash)",
            "$scrypt$ln=63,r=1,p=1$\(salt)$\(hash)", "$scrypt$ln=64,r=8,p=1$\(salt)$\(hash)",
            "$scrypt$ln=18,r=8,p=1$\(salt)$\(hash)", "$scrypt$ln=17,r=8,p=3$\(salt)$\(hash)",
            // RFC 7914, section 2: N is less than 2^(128 r / 8).
            "$scrypt$ln=16,r=1,p=1$\(salt)$\(hash)",
            "$scrypt$ln=4,r=0,p=1$\(salt)$\(hash)", "$scrypt$ln=4,r=1000000000,p=1$\(salt)$\(hash)",
            "$scrypt$ln=4,r=1,p=17$\(salt)$\(hash)", "$scrypt$ln=4,r=1,p=-1$\(salt)$\(hash)",
            "$scrypt$ln=4,r=1,p=1$AAAA$\(hash)", "$scrypt$ln=4,r=1,p=1$\(salt)$AAAA",
            "$scrypt$ln=4,r=1,p=1$\(salt)=$\(hash)", "$scrypt$ln=4,r=1,p=1$\(salt)$\(hash)$",
        ])
    func refused(text: String) {
        #expect(PasswordHash(text) == nil)
    }

    @Test(
        "a hash from elsewhere is checked if it is within bounds",
        arguments: ["ln=17,r=8,p=1", "ln=1,r=1,p=16", "ln=15,r=1,p=1", "ln=19,r=2,p=1"])
    func elsewhere(cost: String) throws {
        let hash = try #require(PasswordHash("$scrypt$\(cost)$\(Self.salt)$\(Self.hash)"))
        let password = try #require(Password(presented: "it is another one"))
        #expect(!hash.matches(password))
    }

    @Test("a new password has 12 to 1,000 characters, none of them a control character")
    func new() {
        #expect(Password(new: String(repeating: "a", count: 11)) == nil)
        #expect(Password(new: String(repeating: "a", count: 12)) != nil)
        #expect(Password(new: "پاس ورڈ بہت لمبا") != nil)
        #expect(Password(new: String(repeating: "a", count: 1_000)) != nil)
        #expect(Password(new: String(repeating: "a", count: 1_001)) == nil)
        #expect(Password(new: "twelve\tletters") == nil)
        #expect(Password(presented: "\u{E9}")?.bytes == Password(presented: "e\u{301}")?.bytes)
    }

    @Test(
        "what anybody would try first is common, however it is dressed up",
        arguments: [
            "password1234", "Password1234!", "P@ssw0rd2026!!", "passwordpassword", "iloveyou1234", "qwertyuiop12",
            "1q2w3e4r5t6y", "aaaaaaaaaaaa", "121212121212", "123456789012", "qwerty123456", "letmein12345",
            "Welcome2026!!",
            "khata-khata-1", "Pakistan12345", "ana-ana-ana-1", "1qaz2wsx3edc", "adminadmin123", "!@#$%^&*()12",
        ])
    func common(text: String) throws {
        #expect(try password(text).isCommon(besides: ["ana"]))
    }

    @Test(
        "other passwords are not",
        arguments: [
            "correct horse", "correct horse battery staple", "tr0ub4dor&3 zq", "نمک اور چینی کی بوری", "x7!kQ2#vB9@p",
            "7391640285137",
            "marzipan-otter-9",
        ])
    func uncommon(text: String) throws {
        #expect(try !password(text).isCommon(besides: ["ana"]))
    }

    @Test("a user is known by their password; other words are refused alike, whoever they are for")
    func users() async throws {
        let (credentials, clock) = (Credentials(), TestClock())
        let scope = StoreScope.only([StoreID(rawValue: 1)])
        credentials.store("ana", "correct: horse", Grant(role: .manager, scope: scope))
        credentials.store("ben", "correct: horse", disabledAt: clock.wall)
        let watchman = Watchman(credentials, clock: clock)
        #expect(
            try await watchman.principal(named: "ana", "correct: horse")
                == Principal(id: "user:ana", role: .manager, scope: scope))
        #expect(try await watchman.principal(named: "ana", "correct: horsf") == nil)
        #expect(try await watchman.principal(named: "ben", "correct: horse") == nil)
        #expect(try await watchman.principal(named: "eve", "correct: horse") == nil)
        #expect(try await Watchman(credentials, passwords: nil).principal(named: "ana", "correct: horse") == nil)
    }

    @Test("a disabled user, and one whose password changed, are refused within five seconds, by every instance")
    func disabled() async throws {
        let (credentials, clock) = (Credentials(), TestClock())
        credentials.store("ana", "correct horse")
        credentials.store("ben", "correct horse")
        let watchmen = [Watchman(credentials, clock: clock), Watchman(credentials, clock: clock)]
        for watchman in watchmen {
            for name in ["ana", "ben"] { #expect(try await watchman.principal(named: name, "correct horse") != nil) }
        }
        credentials.store("ana", "correct horse", disabledAt: clock.wall)
        credentials.store("ben", "other horse")
        clock.advance(by: .milliseconds(4_999))
        for watchman in watchmen { #expect(try await watchman.principal(named: "ana", "correct horse") != nil) }
        clock.advance(by: .milliseconds(1))
        for watchman in watchmen {
            for name in ["ana", "ben"] { #expect(try await watchman.principal(named: name, "correct horse") == nil) }
        }
    }

    @Test("somebody who does not exist costs as much as somebody who does; who was in needs no hash for a while")
    func cost() async throws {
        let (credentials, clock) = (Credentials(), TestClock())
        credentials.store("ana", "correct horse")
        let hasher = PasswordHasher(waiting: 0, cost: .cheap, threads: 1)
        // Nobody is hashed: each who would have to be is refused as overload.
        let none = Watchman(credentials, passwords: hasher, clock: clock)
        try await hasher.whileFull {
            for (name, password) in [("ana", "correct horse"), ("ana", "wrong"), ("eve", "wrong")] {
                await #expect("\(name)") {
                    try await none.principal(named: name, password)
                } throws: { error in
                    if case AuthenticationError.ledger(.overloaded) = error { true } else { false }
                }
            }
        }
        let watchman = Watchman(credentials, passwords: hasher, clock: clock)
        #expect(try await watchman.principal(named: "ana", "correct horse") != nil)
        try await hasher.whileFull {
            clock.advance(by: .seconds(5))
            let ana = try await watchman.principal(named: "ana", "correct horse")
            #expect(ana != nil)
            #expect(credentials.lookUps == 5)
            await #expect(throws: AuthenticationError.self) { try await watchman.principal(named: "ana", "wrong") }
            clock.advance(by: .seconds(12 * 3_600))
            await #expect(throws: AuthenticationError.self) {
                try await watchman.principal(named: "ana", "correct horse")
            }
        }
    }

    @Test("so many passwords wait for a thread, and no more")
    func bounded() async throws {
        let hasher = PasswordHasher(waiting: 1, cost: .cheap, threads: 1)
        let refused = Count()
        var others: [Task<Void, Never>] = []
        try await hasher.whileFull {
            for _ in 0..<2 {
                others.append(
                    Task {
                        do throws(LedgerError) {
                            try await hasher.run(isKnown: false) {}
                        } catch {
                            refused.value.withLock { $0 += 1 }
                        }
                    })
            }
            // One of the two waits for the thread; the other one is told to come back.
            try await eventually("one is refused") { refused.value.withLock { $0 } == 1 }
        }
        for other in others { await other.value }
        #expect(refused.value.withLock { $0 } == 1)
    }

    private func password(_ text: String) throws -> Password { try #require(Password(new: text)) }
    private static let salt = String(repeating: "A", count: 22)
    private static let hash = String(repeating: "A", count: 43)
}

extension PasswordHasher {
    /// Runs `body` while the only thread is busy.
    fileprivate func whileFull(_ body: () async throws -> Void) async throws {
        let isBusy = Mutex(false)
        let isOver = DispatchSemaphore(value: 0)
        async let busy: Void = run(isKnown: false) {
            isBusy.withLock { $0 = true }
            // With a limit: whoever should have been refused, and waits instead, must not wait forever.
            _ = isOver.wait(timeout: .now() + 30)
        }
        while !isBusy.withLock({ $0 }) { await Task.yield() }
        let result: Result<Void, any Error>
        do {
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        isOver.signal()
        try await busy
        try result.get()
    }
}

private final class Count: Sendable {
    let value = Mutex(0)
}
