import Authentication
import AuthenticationTesting
import Foundation
import Inventory
import LedgerTesting
import NIOPosix
import Redis
import ServerTesting
import Testing

@Suite("khata promote, and a server with a cache")
struct PromoteCacheTests {
    @Test("a server that was on the database before shows the shop: what it had cached does not hide it")
    func cached() async throws {
        try await TestFile.withFullShop { file in
            try await TestDatabase.with { database in
                try await RedisServer.with { redis in
                    try await served(database, redis, log: file.folder.appending(path: "serve.log")) { client in
                        // Until the list of no stores is in the cache: for ten minutes, if nobody says otherwise.
                        try await eventually("it is cached") {
                            let stores = try await client.run(["store", "list", "--json"])
                            #expect(stores.output.contains(#""items":[]"#), "\(stores.errors)")
                            return try await redis.has("*:doc:stores*")
                        }
                        let promoted = try await file.promote(to: database)
                        #expect(promoted.status == 0, "\(promoted.errors)")
                        try await eventually("it is shown") {
                            try await client.run(["store", "list", "--json"]).output.contains("دکان 4")
                        }
                        let stock = try await client.run(["stock", "102", "--json"])
                        #expect(stock.output.contains(#""on_hand":22"#), "\(stock.output)")
                    }
                }
            }
        }
    }

    /// - Parameter body: Gets the program as a client of the server, who needs no key of the database.
    private func served(
        _ database: TestDatabase, _ redis: RedisServer, log: URL, _ body: (Program) async throws -> Void
    ) async throws {
        let server = try Program(
            on: database,
            [
                "KHATA_REDIS_URL": redis.url, "KHATA_JWT_HS256_SECRET": TokenIssuer.secret,
                "KHATA_JWT_HS256_KID": "HS256", "KHATA_JWT_ISSUER": TokenIssuer.shared.policy.issuer,
                "KHATA_JWT_AUDIENCE": TokenIssuer.shared.policy.audience,
            ]
        ).start(["serve", "--port", "0", "--ops-port", "0"], log: log)
        let stop: () async -> Void = { server.kill(SIGTERM) }
        try await closing(stop) {
            var url: Substring?
            try await eventually("it serves") {
                url = try server.said.firstMatch(of: /serving url=(http:\S+)/)?.output.1
                return url != nil
            }
            let now = Int64(Date().timeIntervalSince1970)
            let token = try TokenIssuer.shared.token(at: now, claims: ["role": #""admin""#, "exp": "\(now + 3_600)"])
            try await body(Program(environment: ["KHATA_SERVER_URL": String(url ?? ""), "KHATA_API_KEY": token]))
        }
        _ = try await server.end()
    }
}

extension RedisServer {
    /// Whether it answers, and there is a key of this pattern.
    fileprivate func has(_ pattern: String) async throws -> Bool {
        let client = try RedisClient(
            try RedisConfiguration(url: url), eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: TestDatabase.quiet)
        return try await closing(client.close) {
            let keys = try? await client.send(RedisCommand("KEYS", .string(pattern)))
            return keys?.array?.isEmpty == false
        }
    }
}
