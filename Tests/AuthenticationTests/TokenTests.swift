import AuthenticationTesting
import Inventory
import Testing

@testable import Access
@testable import Authentication

@Suite("Tokens")
struct TokenTests {
    private let issuer = TokenIssuer.shared
    private let now: Int64 = 1_800_000_000

    @Test("a token of each algorithm is accepted, and speaks for its subject", arguments: TokenIssuer.algorithms)
    func accepted(algorithm: String) async throws {
        let verified = try await verify(try issuer.token(algorithm, at: now))
        #expect(verified.principal == Principal(id: "token:till-3", role: .clerk))
        #expect(verified.expiresAt == Timestamp(microseconds: (now + 600) * 1_000_000))
    }

    @Test("a forged token is refused, for what is wrong with it")
    func forged() async throws {
        let verifier = try await issuer.verifier()
        let forgeries = try issuer.forgeries(at: now)
        #expect(forgeries.count > 70)
        for forgery in forgeries {
            do throws(TokenDefect) {
                _ = try verifier.verify(forgery.token[...], at: moment(now))
                Issue.record("accepted: \(forgery)")
            } catch {
                #expect("\(error)" == forgery.defect, "\(forgery)")
            }
        }
    }

    @Test("each character that is changed spoils a token", arguments: TokenIssuer.algorithms)
    func changed(algorithm: String) async throws {
        let verifier = try await issuer.verifier()
        let token = Array(try issuer.token(algorithm, at: now))
        for index in stride(from: 0, to: token.count, by: 3) {
            var wrong = token
            wrong[index] = wrong[index] == "A" ? "B" : "A"
            #expect(throws: TokenDefect.self, "\(index)") {
                try verifier.verify(String(wrong)[...], at: moment(now))
            }
        }
    }

    @Test("the clocks may differ by the leeway, and no more")
    func leeway() async throws {
        for (claim, seconds) in [("exp", Int64(-29)), ("nbf", 30), ("iat", 30)] {
            let token = try issuer.token(at: now, claims: [claim: "\(now + seconds)"])
            #expect(try await verify(token).principal.id == "token:till-3", "\(claim)")
        }
        for (claim, seconds) in [("exp", Int64(-30)), ("nbf", 31), ("iat", 31)] {
            let token = try issuer.token(at: now, claims: [claim: "\(now + seconds)"])
            await #expect(throws: TokenDefect.claim(claim)) { try await verify(token) }
        }
    }

    @Test("a token that is valid for longer than the maximum lifetime is refused, however old it is")
    func lifetime() async throws {
        for (exp, iat) in [(3_600, 0), (3_000, -600), (0, -3_600), (3_600, nil)] as [(Int64, Int64?)] {
            #expect(try await verify(lasting(exp, iat)).expiresAt == moment(now + exp))
        }
        for (exp, iat) in [(3_601, 0), (3_001, -600), (1, -3_600), (3_601, nil), (.max, 0)] as [(Int64, Int64?)] {
            await #expect(throws: TokenDefect.claim("exp"), "\(exp)") { try await verify(lasting(exp, iat)) }
        }
    }

    private func lasting(_ exp: Int64, _ iat: Int64?) throws -> String {
        let expiry = exp == .max ? exp : now + exp
        return try issuer.token(at: now, claims: ["exp": "\(expiry)", "iat": iat.map { "\(now + $0)" }])
    }

    @Test(
        "the stores that a token is limited to",
        arguments: [
            (nil, .all), ("null", .all), ("[]", .only([])),
            ("[2, 1]", .only([StoreID(rawValue: 1), StoreID(rawValue: 2)])),
        ] as [(String?, StoreScope)])
    func stores(json: String?, scope: StoreScope) async throws {
        #expect(try await verify(try issuer.token(at: now, claims: ["stores": json])).principal.scope == scope)
    }

    @Test("what RFC 7519 and RFC 9068 allow besides")
    func variants() async throws {
        for type in ["jwt", "JWT", "at+jwt", "application/at+jwt"] {
            _ = try await verify(try issuer.token(at: now, header: ["typ": "\"\(type)\""]))
        }
        _ = try await verify(try issuer.token(at: now, header: ["typ": nil, "x5t": "\"a\""]))
        _ = try await verify(
            try issuer.token(at: now, claims: ["aud": #"["other", "khata"]"#, "email": "\"a@example.com\""]))
    }

    private func verify(_ token: String) async throws -> (principal: Principal, expiresAt: Timestamp) {
        try await issuer.verifier().verify(token[...], at: moment(now))
    }

    private func moment(_ seconds: Int64) -> Timestamp { Timestamp(microseconds: seconds * 1_000_000) }
}
