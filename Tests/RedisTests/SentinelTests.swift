import Redis
import ServerTesting
import Testing

/// A master, its replica, and the sentinels that watch them, all of the tests' own.
@Suite("sentinels", .serialized)
struct SentinelTests {
    private func with(_ url: String, _ body: (RedisClient) async throws -> Void) async throws {
        let adjust = { (configuration: inout RedisConfiguration) in
            configuration.identityInterval = .milliseconds(200)
            configuration.connectTimeout = .seconds(1)
            configuration.connections = 2
        }
        try await TestClient.unconnected(url, adjust: adjust) { client in
            try await eventually("the client connects") { client.servers[0].isConnected }
            try await body(client)
        }
    }

    /// Whether all connections lead to this server, and only there.
    private func isConnected(_ client: RedisClient, to server: RedisServer) throws -> Bool {
        let run = try server.cli("INFO", "server").split(whereSeparator: \.isNewline)
            .first { $0.hasPrefix("run_id:") }?.dropFirst("run_id:".count)
        guard let run, let identity = client.identity, client.identities.count == 1 else { return false }
        return identity.hasPrefix(run)
    }

    @Test("the client follows a failover, there and back")
    func failover() async throws {
        try await RedisSentinels.with { servers in
            try await with(servers.url) { client async throws in
                var (master, replica) = (servers.servers[0], servers.servers[1])
                #expect(try isConnected(client, to: master))
                var identities: Set<String> = [try #require(client.identity)]
                for _ in 0..<2 {
                    master.kill()
                    try await eventually("the client is at the new master") { try isConnected(client, to: replica) }
                    #expect(identities.insert(try #require(client.identity)).inserted)
                    // Sentinels that have not heard of the failover may have led a connection back for a moment.
                    try await eventually("it takes writes") {
                        (try? await client.send(RedisCommand("SET", "k", "1"))) == .status("OK")
                    }
                    try master.start()
                    try await eventually("the old master is a replica") {
                        try master.cli("INFO", "replication").contains("master_link_status:up")
                    }
                    (master, replica) = (replica, master)
                    try await eventually("the sentinels can fail over again") {
                        try servers.sentinels.allSatisfy { try $0.cli("INFO", "sentinel").contains("status=ok") }
                    }
                }
            }
        }
    }

    @Test("an old master that the sentinels do not reach is left, though it goes on as a master")
    func partitionedMaster() async throws {
        try await RedisSentinels.with { servers in
            try await with(servers.url) { client async throws in
                let (old, new) = (servers.servers[0], servers.servers[1])
                try new.cli("REPLICAOF", "NO", "ONE")
                for sentinel in servers.sentinels {
                    try sentinel.cli("SENTINEL", "REMOVE", RedisSentinels.name)
                    try sentinel.cli("SENTINEL", "MONITOR", RedisSentinels.name, "127.0.0.1", "\(new.port)", "2")
                }
                try await eventually("the client is at the new master") { try isConnected(client, to: new) }
                #expect(try old.cli("INFO", "replication").contains("role:master"))
                #expect(client.servers[0].address == .host("127.0.0.1", port: new.port))
            }
        }
    }

    @Test("sentinels that are down or hang are passed over, and without any the connection stays")
    func badSentinels() async throws {
        try await RedisSentinels.with { servers in
            servers.sentinels[0].stop()
            servers.sentinels[1].kill()
            try await with(servers.url) { client async throws in
                #expect(try isConnected(client, to: servers.servers[0]))
                #expect(client.servers.map(\.role) == [.master, .sentinel, .sentinel, .sentinel])
                let identity = client.identity
                servers.sentinels[2].kill()
                try await eventually("no sentinel is connected") { !client.servers[3].isConnected }
                #expect(client.identity == identity)
                #expect(try await client.send(RedisCommand("PING")) == .status("PONG"))
            }
        }
    }

    @Test("sentinels have a user and a password of their own")
    func passwords() async throws {
        try await RedisSentinels.with { servers in
            try servers.servers[0].cli("ACL", "SETUSER", "khata", "on", ">own", "~*", "+@all")
            for sentinel in servers.sentinels {
                // All that Redis's documentation gives a client of sentinels.
                try sentinel.cli(
                    "ACL", "SETUSER", "client", "on", ">s3cret", "-@all", "+auth", "+ping", "+role",
                    "+sentinel|get-master-addr-by-name", "+sentinel|master")
                try sentinel.cli("ACL", "SETUSER", "default", "off")
            }
            let url = servers.url.replacing("://", with: "://khata:own@")
            try await with("\(url)?sentinel_username=client&sentinel_password=s3cret") { client async throws in
                #expect(try await client.send(RedisCommand("ACL", "WHOAMI")).string == "khata")
            }
            for (wrong, code) in [
                (url, "NOAUTH"), ("\(url)?sentinel_username=client&sentinel_password=no", "WRONGPASS"),
            ] {
                try await TestClient.unconnected(wrong) { client in
                    let error = await #expect(throws: RedisError.self) {
                        try await client.connect(within: .seconds(60))
                    }
                    #expect(error?.message.contains(code) == true)
                }
            }
        }
    }

    @Test("the wrong URL for a server is refused with the right one")
    func wrongURLs() async throws {
        func failure(_ url: String) async throws -> String? {
            try await TestClient.unconnected(url) { client in
                await #expect(throws: RedisError.self) { try await client.connect(within: .seconds(60)) }?.message
            }
        }
        try await RedisCluster.withServers(1) { nodes in
            try await RedisSentinels.with { servers in
                let (node, server, sentinel) = (nodes[0], servers.servers[0], servers.sentinels[0])
                for (url, advice) in [
                    ("redis://\(node.address)", "is a node of a cluster: its URL is redis-cluster://"),
                    ("redis-cluster://\(server.address)", "is not a node of a cluster"),
                    ("redis://\(sentinel.address)", "is a sentinel: its URL is redis-sentinel://"),
                    ("redis-cluster://\(sentinel.address)", "is a sentinel: its URL is redis-sentinel://"),
                    ("redis-sentinel://\(server.address)/shop", "is no sentinel"),
                    ("redis-sentinel://\(node.address)/shop", "is no sentinel"),
                    ("redis-sentinel://\(sentinel.address)/store", "watch no master with the name store"),
                ] {
                    let message = try await failure(url)
                    #expect(message?.contains(advice) == true, "\(url): \(message ?? "connected")")
                }
            }
        }
    }
}
