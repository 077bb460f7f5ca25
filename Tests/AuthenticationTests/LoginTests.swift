import Basics
import Inventory
import RateLimiting
import ServerTesting
import Testing

@testable import Access
@testable import Authentication

/// What wrong passwords must not lead to: many guesses, or a lockout of the one who has the right password.
@Suite("Login attempts")
struct LoginTests {
    private let clock = TestClock()
    private let ana = UserName("ana")!
    private let ben = UserName("ben")!

    @Test("of many attempts at once, a few begin; the pauses after them double")
    func pauses() {
        var attempts = LoginAttempts()
        let login = Login(name: ana, site: .shop)
        #expect((0..<75).count { _ in begins(&attempts, login) } == 5)
        var pauses: [Int64] = []
        for _ in 0..<12 {
            pauses.append(pause(&attempts, login))
            clock.advance(by: .seconds(pauses.last ?? 0))
            #expect(begins(&attempts, login))
        }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900])
        clock.advance(by: .seconds(900 + 3_601))
        #expect((0..<75).count { _ in begins(&attempts, login) } == 5, "an hour of quiet is a new beginning")
    }

    @Test("a site that tries many accounts is paused, and others are not")
    func site() throws {
        var attempts = LoginAttempts()
        let names = try (0..<75).map { try #require(UserName("user\($0)")) }
        #expect(names.count { begins(&attempts, Login(name: $0, site: .shop)) } == 20)
        #expect(begins(&attempts, Login(name: ana, site: .other(1))))
        clock.advance(by: .seconds(2))
        #expect(begins(&attempts, Login(name: ana, site: .shop)), "two seconds later at most, one more may try")
    }

    @Test("an account sees less than 100 wrong passwords an hour, from however many sites")
    func account() {
        var attempts = LoginAttempts()
        var tried = 0
        for second in 0..<3_600 {
            for site in 0..<10 where begins(&attempts, Login(name: ana, site: .other(second * 10 + site))) {
                tried += 1
            }
            clock.advance(by: .seconds(1))
        }
        #expect((20..<100).contains(tried))
    }

    @Test("who logged in from a site before is not paused for what others do, there or elsewhere")
    func known() throws {
        var attempts = LoginAttempts()
        let login = Login(name: ana, site: .shop)
        let first = try attempts.begin(login, at: clock.instant)
        #expect(!first.isKnown)
        attempts.succeed(first, at: clock.instant)
        for number in 0..<1_000 {
            _ = begins(&attempts, Login(name: ana, site: .other(number)))
            _ = begins(&attempts, Login(name: UserName("user\(number)")!, site: .shop))
        }
        #expect(!begins(&attempts, Login(name: ana, site: .other(5_000))))
        #expect(!begins(&attempts, Login(name: ben, site: .shop)))
        let again = try attempts.begin(login, at: clock.instant)
        #expect(again.isKnown)
        attempts.withdraw(again)
        #expect((0..<75).count { _ in begins(&attempts, login) } == 5)
        clock.advance(by: .seconds(30 * 86_400))
        #expect(try !attempts.begin(login, at: clock.instant).isKnown)
    }

    @Test("one site that attacks an account leaves it free most of the time for who is new elsewhere")
    func newSite() {
        var attempts = LoginAttempts()
        var freeSeconds = 0
        for _ in 0..<86_400 {
            _ = begins(&attempts, Login(name: ana, site: .other(1)))
            var probe = attempts
            freeSeconds += begins(&probe, Login(name: ana, site: .shop)) ? 1 : 0
            clock.advance(by: .seconds(1))
        }
        #expect(freeSeconds > 75_000, "\(freeSeconds)")
    }

    @Test("a new user waits while somebody tries many accounts from the same site, and not elsewhere or after that")
    func firstLoginBesideAnAttacker() {
        var attempts = LoginAttempts()
        var first = 0
        for tenth in 0..<6_000 {
            _ = begins(&attempts, Login(name: UserName("guess\(tenth)")!, site: .shop))
            if tenth >= 100, tenth.isMultiple(of: 10), begins(&attempts, Login(name: ana, site: .shop)) { first += 1 }
            clock.advance(by: .milliseconds(100))
        }
        // A name that the attacker has not tried yet looks like ana's, and until it is hashed, so does the password.
        #expect(first == 0)
        #expect(begins(&attempts, Login(name: ana, site: .other(1))))
        clock.advance(by: .seconds(2))
        #expect(begins(&attempts, Login(name: ana, site: .shop)))
    }

    @Test("100,000 names from one site are counted for some hundreds, and displace nobody's count")
    func manyNames() throws {
        var attempts = LoginAttempts()
        let others = (0..<5_000).map { Login(name: UserName("user\($0)")!, site: .other($0)) }
        #expect(others.allSatisfy { login in (0..<75).count { _ in begins(&attempts, login) } == 5 })
        var counted = 0
        for number in 0..<100_000 {
            if begins(&attempts, Login(name: UserName("guess\(number)")!, site: .shop)) { counted += 1 }
            // The rate of an address.
            clock.advance(by: .milliseconds(10))
        }
        #expect((500...520).contains(counted))
        #expect(others.allSatisfy { login in (0..<75).count { _ in begins(&attempts, login) } == 1 }, "the sixth")
    }

    @Test("of many names from one site few are looked up; unknown keys displace no verified credential")
    func lookUps() async throws {
        let (credentials, key) = (Credentials(), APIKey.generate())
        credentials.store(key)
        let watchman = Watchman(credentials, clock: clock)
        #expect(try await watchman.principal(presenting: key) != nil)
        for _ in 0..<100 { #expect(try await watchman.principal(presenting: APIKey.generate()) == nil) }
        #expect(watchman.remembered("Bearer \(key.token)") != nil)
        let lookUps = credentials.lookUps
        for number in 0..<100 { _ = try? await watchman.principal(named: "guess\(number)", "wrong", from: .other(1)) }
        #expect(credentials.lookUps == lookUps + 20)
    }

    @Test("right passwords are not counted, however many share a site")
    func right() throws {
        var attempts = LoginAttempts()
        for number in 0..<1_000 {
            let login = Login(name: UserName("user\(number)")!, site: .shop)
            attempts.succeed(try attempts.begin(login, at: clock.instant), at: clock.instant)
        }
    }

    @Test("what is counted is bounded, and what was counted last is kept")
    func bounded() {
        var values = RecentlyUsed<Int, Int>(capacity: 10)
        for number in 0..<1_000 {
            values[number] = number
            #expect((max(0, number - 9)...number).allSatisfy { values[$0] == $0 })
            #expect((0...number).count { values[$0] != nil } <= 20)
        }
        values[999] = nil
        #expect(values[999] == nil)
    }

    @Test("sites take turns, known logins come first, and what has no room is the last of the site with most")
    func queue() {
        var queue = HashingQueue<String>(capacity: 4)
        for number in 1...4 { #expect(queue.add("a\(number)", from: .other(1), isKnown: false) == nil) }
        #expect(queue.add("a5", from: .other(1), isKnown: false) == "a5")
        #expect(queue.add("b1", from: .other(2), isKnown: false) == "a4")
        #expect(queue.add("b2", from: .other(2), isKnown: false) == "a3")
        #expect(queue.add("b3", from: .other(2), isKnown: false) == "b3")
        for number in 1...4 { #expect(queue.add("k\(number)", from: .other(1), isKnown: true) == nil) }
        #expect(queue.add("k5", from: .other(1), isKnown: true) == "k5")
        var order: [String] = []
        while let next = queue.next() { order.append(next) }
        #expect(order == ["k1", "k2", "k3", "k4", "a1", "b1", "a2", "b2"])
    }

    @Test("a wrong password is not hashed while its account is paused, and not compared with the right one either")
    func paused() async throws {
        let credentials = Credentials()
        credentials.store("ana", "correct horse")
        let watchman = Watchman(credentials, clock: clock)
        #expect(try await watchman.principal(named: "ana", "correct horse") != nil)
        let thief = ClientAddress.other(1)
        for _ in 0..<5 { #expect(try await watchman.principal(named: "ana", "wrong", from: thief) == nil) }
        let lookUps = credentials.lookUps
        for password in ["wrong", "correct horse"] {
            await #expect {
                try await watchman.principal(named: "ana", password, from: thief)
            } throws: { error in
                if case AuthenticationError.paused(.seconds(1)) = error { true } else { false }
            }
        }
        #expect(credentials.lookUps == lookUps, "nor is the user looked up")
        // Neither what is cached for five seconds nor what is proven for hours.
        clock.advance(by: .milliseconds(500))
        #expect(watchman.remembered(Self.basic("ana", "correct horse"), from: .shop) != nil)
        #expect(watchman.remembered(Self.basic("ana", "correct horse"), from: thief) == nil)
        clock.advance(by: .seconds(600))
        #expect(try await watchman.principal(named: "ana", "correct horse") != nil)
    }

    @Test("a password that could not be checked is not counted")
    func unavailable() async throws {
        let credentials = Credentials()
        credentials.store("ana", "correct horse")
        let watchman = Watchman(credentials, clock: clock)
        credentials.isAvailable = false
        for _ in 0..<20 {
            await #expect(throws: AuthenticationError.self) {
                try await watchman.principal(named: "ana", "correct horse")
            }
        }
        credentials.isAvailable = true
        #expect(try await watchman.principal(named: "ana", "correct horse") != nil)
    }

    private static func basic(_ name: String, _ password: String) -> String {
        "Basic " + Base64.encode("\(name):\(password)".utf8, .padded)
    }

    private func begins(_ attempts: inout LoginAttempts, _ login: Login) -> Bool {
        (try? attempts.begin(login, at: clock.instant)) != nil
    }

    private func pause(_ attempts: inout LoginAttempts, _ login: Login) -> Int64 {
        do throws(AuthenticationError) {
            _ = try attempts.begin(login, at: clock.instant)
        } catch {
            if case .paused(let wait) = error { return wait.components.seconds }
        }
        return 0
    }
}
