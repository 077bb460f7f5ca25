import Inventory
import Logging
import NIOPosix
import Redis
import ServerTesting
import StockCache
import Testing

/// The health of a Redis that is more than one server.
@Suite("health of Redis", .serialized)
struct RedisHealthTests {
    private func with(_ url: String, _ body: (RedisClient) async throws -> Void) async throws {
        var configuration = try RedisConfiguration(url: url)
        configuration.commandTimeout = .seconds(5)
        configuration.identityInterval = .milliseconds(200)
        let client = try RedisClient(
            configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await closing(client.close) { try await body(client) }
    }

    private func status(_ name: String, _ client: RedisClient) async -> ComponentHealth.Status? {
        await client.health().first { $0.name == name }?.status
    }

    @Test("a master of a cluster that is away is a warning, and so is one that is not limited")
    func cluster() async throws {
        try await RedisCluster.with(isReplicated: false) { cluster in
            try await with(cluster.url) { client async throws in
                try await eventually("all is known") { await status("redis:slots", client) == .pass }
                #expect(await status("redis:responseTime", client) == .pass)
                #expect(await status("redis:memory", client) == .warn)
                #expect(await status("redis:sentinels", client) == nil)
                for server in cluster.servers {
                    try server.cli("CONFIG", "SET", "maxmemory", "10mb", "maxmemory-policy", "allkeys-lfu")
                }
                #expect(await status("redis:memory", client) == .pass)
                cluster.servers[1].kill()
                try await eventually("one is away") { await status("redis:responseTime", client) == .warn }
                #expect(await status("redis:memory", client) == .pass)
            }
        }
    }

    @Test("a sentinel that is away is a warning")
    func sentinels() async throws {
        try await RedisSentinels.with { servers in
            try await with(servers.url) { client async throws in
                try await eventually("all are connected") { await status("redis:sentinels", client) == .pass }
                #expect(await status("redis:responseTime", client) == .pass)
                #expect(await status("redis:slots", client) == nil)
                servers.sentinels[2].kill()
                try await eventually("one is away") { await status("redis:sentinels", client) == .warn }
                #expect(await status("redis:responseTime", client) == .pass)
            }
        }
    }
}
