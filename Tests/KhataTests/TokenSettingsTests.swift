import AuthenticationTesting
import Foundation
import LedgerTesting
import Testing

@Suite("Settings of tokens")
struct TokenSettingsTests {
    private static let issuer = ["KHATA_JWT_ISSUER": "https://issuer.example", "KHATA_JWT_AUDIENCE": "khata"]

    @Test("a secret is needed with an issuer and an audience, is long enough, and is not shown")
    func secret() async throws {
        try await TestDatabase.with { database in
            let secret = ["KHATA_JWT_HS256_SECRET": TokenIssuer.secret]
            let alone = try await Program(on: database, secret).run(["config", "show"])
            #expect(alone.status == 3)
            #expect(alone.errors.contains("jwt.issuer"))
            let short = try await Program(
                on: database, Self.issuer.merging(["KHATA_JWT_HS256_SECRET": "short"]) { $1 }
            ).run(["config", "check"])
            #expect(short.status == 3)
            #expect(short.errors.contains("32 bytes") && !short.errors.contains("short\n"))
            let good = Program(on: database, Self.issuer.merging(secret) { $1 })
            #expect(try await good.run(["config", "check"]).status == 0)
            let shown = try await good.run(["config", "show"])
            #expect(shown.output.contains("jwt.hs256_secret: (hidden)"))
            #expect(!shown.output.contains(TokenIssuer.secret))
        }
    }

    @Test("a file of keys is checked")
    func file() async throws {
        let path = FileManager.default.temporaryDirectory.appending(component: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: path) }
        try await TestDatabase.with { database in
            let khata = Program(on: database, Self.issuer.merging(["KHATA_JWT_JWKS_FILE": path.path]) { $1 })
            let missing = try await khata.run(["config", "check"])
            #expect(missing.status == 3)
            #expect(missing.errors.contains("jwt.jwks_file"))
            try Data(try TokenIssuer.shared.jwks().utf8).write(to: path)
            let found = try await khata.run(["config", "check"])
            #expect(found.status == 0, "\(found.errors)")
        }
    }
}
