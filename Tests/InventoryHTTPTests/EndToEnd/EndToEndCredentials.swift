import Access
import Authentication
import AuthenticationTesting
import Foundation
import Inventory
import LedgerTesting
import NIOHTTP1
import PostgresLedger
import RateLimiting
import ServerTesting
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    @Suite("Credentials")
    struct Credentials {
        private static let bearer = #"Bearer realm="khata", error="invalid_token""#
        private static let basic = #"Basic realm="khata", charset="UTF-8""#

        @Test("whatever is wrong with a credential, the answer is the same")
        func refused() async throws {
            let issuer = TokenIssuer.shared
            try await LiveServer.with(.init(tokens: try await issuer.verifier())) { server in
                try await server.makeUser("ana", "correct horse")
                try await server.makeUser("ben", "correct horse")
                try await server.change { try await $0.disableUser(try #require(UserName("ben")), $1) }
                let revoked = try await server.makeKey(revoked: true)
                let expired = try await server.makeKey(revoked: false)
                let id = try #require(APIKey(expired)?.id)
                try await server.change {
                    _ = try await $0.changeAPIKey(id, .keyRotated, $1) { key, now in key.expiresAt = now }
                }

                let none = try await server.get("/products", as: nil)
                #expect(none.status == 401)
                #expect(none.headers["www-authenticate"] == [#"Bearer realm="khata""#, Self.basic])

                var credentials = [
                    ("an unknown key", "Bearer \(APIKey.generate().token)"), ("a revoked key", "Bearer \(revoked)"),
                    ("an expired key", "Bearer \(expired)"),
                    ("a bad checksum", "bearer \(server.token(.admin).dropLast())-"),
                    ("an unknown user", basic("eve", "correct horse")),
                    ("a wrong password", basic("ana", "correct horsf")),
                    ("a disabled user", basic("ben", "correct horse")), ("no user", "Basic x"),
                    ("another scheme", "Digest username=\"ana\""), ("no scheme", server.token(.admin)),
                ]
                credentials += try issuer.forgeries(at: Timestamp.now.seconds)
                    .filter { (1..<14_000).contains($0.token.utf8.count) }.map {
                        ($0.description, "Bearer \($0.token)")
                    }
                #expect(credentials.count > 80)
                var bodies: Set<String> = []
                for (description, credential) in credentials {
                    let answer = try await server.get(
                        "/products", as: nil, headers: [("Authorization", credential), ("X-Request-Id", "same")])
                    #expect(answer.status == 401, "\(description)")
                    let isBearer = credential.lowercased().hasPrefix("bearer ")
                    #expect(
                        answer.headers["www-authenticate"]
                            == [isBearer ? Self.bearer : #"Bearer realm="khata""#, Self.basic],
                        "\(description)")
                    bodies.insert(answer.text)
                }
                #expect(bodies.count == 1, "\(bodies)")
            }
        }

        @Test("a token and a user may do what their role and stores allow, and are the actors of what they do")
        func accepted() async throws {
            let issuer = TokenIssuer.shared
            try await LiveServer.with(.init(tokens: try await issuer.verifier())) { server in
                try await server.stocked()
                try await server.makeUser(
                    "ana", "correct: horse", Grant(role: .clerk, scope: .only([StoreID(rawValue: 1)])))
                let token = try issuer.token(
                    "ES256", at: Timestamp.now.seconds, claims: ["role": #""clerk""#, "stores": "[1]"])
                for (credential, actor) in [
                    ("Bearer \(token)", "token:till-3"), (basic("ana", "correct: horse"), "user:ana"),
                ] {
                    let headers = [("Authorization", credential)]
                    let sale = #"{"product_id": 101, "quantity": 1, "movement_type": "sale"}"#
                    #expect(try await server.post("/stores/1/stock", sale, as: nil, headers: headers).status == 201)
                    #expect(try await server.post("/stores/2/stock", sale, as: nil, headers: headers).status == 404)
                    #expect(
                        try await server.post("/products", #"{"name": "a"}"#, as: nil, headers: headers).status == 403)
                    let audit = try await server.get("/audit/1?actor=\(actor)")
                    #expect(audit["items"]?.elements.count == 1)
                }
            }
        }

        @Test("without passwords, Basic is neither offered nor accepted")
        func withoutPasswords() async throws {
            try await LiveServer.with(.init(passwords: nil)) { server in
                try await server.makeUser("ana", "correct horse")
                for headers in [[], [("Authorization", basic("ana", "correct horse"))]] {
                    let answer = try await server.get("/products", as: nil, headers: headers)
                    #expect(answer.status == 401)
                    #expect(answer.headers["www-authenticate"] == [#"Bearer realm="khata""#])
                }
            }
        }

        @Test("of 75 connections with wrong passwords, few are tried; the others wait, and who is right gets in")
        func flood() async throws {
            // As dear as real passwords are: what is tried takes a core for some time.
            try await LiveServer.with(
                .init(
                    proxies: TrustedProxies([AddressRange(text: "127.0.0.1")!]), passwords: PasswordHasher(waiting: 8))
            ) { server in
                try await server.makeUser("ana", "correct horse")
                func statuses(_ count: Int, _ password: String, from address: String) async throws -> [Int: Int] {
                    try await withThrowingTaskGroup { group in
                        for _ in 0..<count {
                            group.addTask {
                                let answer = try await server.get(
                                    "/products", as: nil,
                                    headers: [
                                        ("Authorization", basic("ana", password)), ("X-Forwarded-For", address),
                                        ("X-Forwarded-Proto", "https"), ("Connection", "close"),
                                    ])
                                if answer.status == 429 {
                                    #expect(answer["violated-policies"]?[0] == "passwords")
                                    #expect(try #require(answer.header("Retry-After").flatMap { Int($0) }) >= 1)
                                }
                                return answer.status
                            }
                        }
                        return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
                    }
                }
                // Distinct ones would count the same; equal ones share one attempt.
                async let wrong = withThrowingTaskGroup { group in
                    for number in 0..<75 {
                        group.addTask { try await statuses(1, "wrong password \(number)", from: "192.0.2.1") }
                    }
                    return try await group.reduce(into: [:]) { all, one in all.merge(one) { $0 + $1 } }
                }
                let right = try await statuses(1, "correct horse", from: "192.0.2.2")
                #expect(right == [200: 1])
                // Five at once, and more only after pauses that double.
                let counts = try await wrong
                #expect((5...12).contains(counts[401] ?? 0) && counts[401, default: 0] + counts[429, default: 0] == 75)
            }
        }

        @Test(
            "a password comes over TLS, from this machine, through a trusted proxy that had it over TLS, or not at all")
        func plain() async throws {
            try await LiveServer.with(.init(proxies: TrustedProxies([AddressRange(text: "127.0.0.1")!]))) { server in
                try await server.makeUser("ana", "correct horse")
                func send(_ headers: [(String, String)]) async throws -> Answer {
                    try await server.get(
                        "/products", as: nil, headers: headers + [("Authorization", basic("ana", "correct horse"))])
                }
                #expect(try await send([]).status == 200)
                #expect(try await send([("X-Forwarded-For", "127.0.0.1")]).status == 200)
                // The proxy does not say where its client is.
                for client in ["unknown", "", "127.0.0.1, _hidden", "192.0.2.1, 127.0.0.1:x"] {
                    #expect(try await send([("X-Forwarded-For", client)]).status == 401, "\(client)")
                }
                let client = ("X-Forwarded-For", "192.0.2.1")
                #expect(try await send([client, ("X-Forwarded-Proto", "HTTPS")]).status == 200)
                for proto in [[], ["http"], ["https", "http"], ["http, https"]] {
                    let answer = try await send([client] + proto.map { ("X-Forwarded-Proto", $0) })
                    #expect(answer.status == 401, "\(proto)")
                    #expect(answer["detail"]?.string?.contains("TLS") == true)
                    #expect(answer.headers["www-authenticate"] == [#"Bearer realm="khata""#])
                }
            }
        }

        @Test("what is revoked or disabled through one instance, the others refuse")
        func revocation() async throws {
            try await LiveServer.withTwo { one, two in
                let key = try await one.makeKey(revoked: false)
                try await one.makeUser("ana", "correct horse")
                let credentials = ["Bearer \(key)", basic("ana", "correct horse")]
                func statuses() async throws -> [Int] {
                    var statuses: [Int] = []
                    for server in [one, two] {
                        for credential in credentials {
                            statuses.append(
                                try await server.get("/products", as: nil, headers: [("Authorization", credential)])
                                    .status)
                        }
                    }
                    return statuses
                }
                #expect(try await statuses() == [200, 200, 200, 200])
                let id = key.split(separator: "_")[1]
                #expect(try await one.send(.DELETE, "/admin/keys/\(id)").status == 204)
                try await one.change { try await $0.disableUser(try #require(UserName("ana")), $1) }
                try await eventually { try await statuses() == [401, 401, 401, 401] }
            }
        }

        @Test("no log tells a secret, however much is logged")
        func secrets() async throws {
            let (issuer, log) = (TokenIssuer.shared, CollectedLog())
            try await LiveServer.with(.init(tokens: try await issuer.verifier(), logger: log.logger)) { server in
                try await server.makeUser("ana", "correct horse")
                let now = Timestamp.now.seconds
                let tokens = [try issuer.token(at: now), try issuer.token(at: now, claims: ["role": #""owner""#])]
                let wrong = APIKey.generate().token
                let passwords = ["correct horse", "wrong battery staple"]
                for credential in (tokens + [server.token(.reader), wrong]).map({ "Bearer \($0)" })
                    + passwords.map({ basic("ana", $0) })
                {
                    _ = try await server.get("/products", as: nil, headers: [("Authorization", credential)])
                }
                let made = try await server.post("/admin/keys", #"{"name": "a", "role": "reader"}"#)
                let key = try #require(made["key"]?.string)
                // A failure of ours is logged with its request.
                try await server.database.execute(
                    "alter table products rename to moved; alter table users rename to gone")
                _ = try await server.get("/products", headers: [("X-Request-Id", "broken")])
                _ = try await server.get(
                    "/products", as: nil, headers: [("Authorization", basic("ana", "another password"))])

                for line in ["an API key was created", "a token was refused", "broken"] {
                    #expect(log.text.contains(line), "\(line)")
                }
                let secrets =
                    tokens.map { String($0.split(separator: ".")[2]) }
                    + [server.token(.reader), server.token(.admin), wrong, key].map { String($0.suffix(28)) }
                    + passwords + ["another password"]
                    + (passwords + ["another password"]).map { String(basic("ana", $0).dropFirst(6)) }
                    + [TokenIssuer.secret, "$scrypt$"]
                for secret in secrets { #expect(!log.text.contains(secret), "\(secret)") }
            }
        }

        private func basic(_ name: String, _ password: String) -> String {
            "Basic " + Data("\(name):\(password)".utf8).base64EncodedString()
        }
    }
}

extension Timestamp {
    fileprivate var seconds: Int64 { microseconds / 1_000_000 }
}

extension LiveServer {
    func makeUser(
        _ name: String, _ password: String, _ grant: Grant = Grant(role: .reader)
    ) async throws {
        let name = try #require(UserName(name))
        let hash = try await PasswordHasher.cheap.hash(try #require(Password(new: password)))
        try await database.withLedger { ledger in
            _ = try await ledger.addUser(NewUser(name: name, passwordHash: hash, grant: grant))
        }
    }

    fileprivate func makeKey(revoked isRevoked: Bool) async throws -> String {
        let key = APIKey.generate()
        try await database.withLedger { ledger in
            _ = try await ledger.addAPIKey(NewAPIKey(key, name: "a", grant: Grant(role: .reader)))
            if isRevoked { try await ledger.revokeAPIKey(key.id) }
        }
        return key.token
    }
}
