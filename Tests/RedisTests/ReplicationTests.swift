import Redis
import ServerTesting
import Testing

/// Servers that become each other's replicas, as they do in a failover.
@Suite("replication", .serialized)
struct ReplicationTests {
    @Test("a master that was a replica meanwhile comes back as another one, though it is the same process")
    func thereAndBack() async throws {
        try await withServers { first, second, client in
            let before = try #require(client.identity)
            try await first.become(replicaOf: second)
            try await eventually("the connection is given up") { client.identity == nil }
            let refusal = await #expect(throws: RedisError.self) { try await client.send(RedisCommand("GET", "a")) }
            #expect(refusal?.kind == .connection)
            try await first.becomeMaster()
            try await eventually("the client connects again") { client.identity != nil }
            let after = try #require(client.identity)
            #expect(after != before)
            // Of one process, which the first half names.
            #expect(after.split(separator: "/").first == before.split(separator: "/").first)
            let error = await #expect(throws: RedisError.self) {
                try await client.send(RedisCommand("GET", "a"), expecting: before)
            }
            #expect(error?.kind == .serverChanged)
        }
    }

    @Test("what only a master does shows at once that it is none any more, though the connection stays")
    func demoted() async throws {
        // It would ask by itself only in an hour.
        for command in [RedisCommand("SET", "a", "1"), RedisCommand("WAIT", "0", "0")] {
            try await withServers(identityInterval: .seconds(3_600)) { first, second, client in
                let identity = try #require(client.identity)
                try await first.become(replicaOf: second)
                #expect(client.identity == identity)
                _ = try? await client.send(command, expecting: identity)
                try await eventually("the connection is given up") { client.identity != identity }
            }
        }
    }

    private func withServers(
        identityInterval: Duration = .milliseconds(100),
        _ body: (RedisServer, RedisServer, RedisClient) async throws -> Void
    ) async throws {
        try await RedisServer.with { first in
            try await RedisServer.with { second in
                try await TestClient.with(second.url) { _ in
                    try await TestClient.with(first.url, adjust: { $0.identityInterval = identityInterval }) { client in
                        try await body(first, second, client)
                    }
                }
            }
        }
    }
}

extension RedisServer {
    /// Keeps its clients' connections; done when it has the other one's data.
    fileprivate func become(replicaOf other: RedisServer) async throws {
        _ = try cli("REPLICAOF", "127.0.0.1", "\(other.port)")
        try await eventually("it is a replica") { try cli("INFO", "replication").contains("master_link_status:up") }
    }

    fileprivate func becomeMaster() async throws {
        _ = try cli("REPLICAOF", "NO", "ONE")
        try await eventually("it is a master") { try cli("INFO", "replication").contains("role:master") }
    }
}
