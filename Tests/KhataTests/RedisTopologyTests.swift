import Inventory
import LedgerTesting
import Logging
import NIOPosix
import Redis
import ServerTesting
import Testing

@testable import RateLimiting
@testable import khata

/// More than one server of Redis.
@Suite("Redis of several servers", .serialized)
struct RedisTopologyTests {
    @Test("config check takes the URL that fits the servers, and says which one does")
    func check() async throws {
        try await TestDatabase.with { database in
            func errors(_ url: String) async throws -> String {
                let outcome = try await Program(on: database, ["KHATA_REDIS_URL": url]).run(["config", "check"])
                #expect(outcome.status == (outcome.errors.contains("redis.url: ") ? 3 : 0), "\(outcome.errors)")
                return outcome.errors
            }
            let limits = ["--maxmemory", "10mb", "--maxmemory-policy", "allkeys-lfu"]
            try await RedisCluster.with(isReplicated: false, arguments: limits) { cluster async throws in
                let node = cluster.servers[0]
                #expect(try await !errors(cluster.url).contains("redis.url"))
                #expect(try await errors("redis://\(node.address)").contains("its URL is redis-cluster://"))
                cluster.servers[1].kill()
                #expect(try await errors(cluster.url).contains("redis.url: master \(cluster.servers[1].address): "))
            }
            try await RedisSentinels.with(serverArguments: limits) { servers async throws in
                #expect(try await !errors(servers.url).contains("redis.url"))
                #expect(try await errors("\(servers.url)s").contains("watch no master with the name shops"))
                servers.sentinels[1].kill()
                let error = "redis.url: sentinel \(servers.sentinels[1].address): "
                #expect(try await errors(servers.url).contains(error))
            }
        }
    }

    @Test("instances share rates through a cluster")
    func permits() async throws {
        try await RedisCluster.with(isReplicated: false) { cluster in
            var configuration = try RedisConfiguration(url: cluster.url)
            configuration.commandTimeout = .seconds(5)
            let client = try RedisClient(
                configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() })
            try await ServerTesting.closing(client.close) {
                try await client.connect(within: .seconds(60))
                let requests = (0..<20).map { number in
                    PermitRequest(
                        bucket: .principal("key:\(number)", .read), policy: RatePolicy(permitsPerSecond: 1, burst: 100),
                        owed: 0, wanted: 60)
                }
                let first = try #require(await RedisPermits(client: client).permits(for: requests))
                #expect(first.grants.map(\.granted) == Array(repeating: 60, count: 20))
                let second = try #require(await RedisPermits(client: client).permits(for: requests))
                #expect(second.instances == 2)
                #expect(second.grants.allSatisfy { $0.granted < 60 })
            }
        }
    }
}
