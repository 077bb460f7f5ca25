import Foundation
import Redis
import ServerTesting
import Testing

/// Clusters of the tests' own, whose nodes fail, and whose slots move.
@Suite("cluster", .serialized)
struct ClusterTests {
    private func with(
        _ url: String, adjust: (inout RedisConfiguration) -> Void = { _ in }, _ body: (RedisClient) async throws -> Void
    ) async throws {
        let adjustAll = { (configuration: inout RedisConfiguration) in
            configuration.identityInterval = .milliseconds(200)
            adjust(&configuration)
        }
        try await TestClient.unconnected(url, adjust: adjustAll) { client in
            try await client.connect(within: .seconds(60))
            try await body(client)
        }
    }

    /// A key of the server's, by the map of the server itself.
    private func key(of server: RedisServer, in cluster: RedisCluster) throws -> String {
        for number in 0..<1_000 {
            let slot = Int(try server.cli("CLUSTER", "KEYSLOT", "k\(number)").filter(\.isNumber)) ?? -1
            if try cluster.master(of: slot, seenBy: server)?.port == server.port { return "k\(number)" }
        }
        throw NoKey()
    }

    private struct NoKey: Error {}

    /// Whether the server has the key's slot, and answers.
    private func works(_ key: String, _ client: RedisClient) async -> Bool {
        guard let identity = client.identity(serving: key) else { return false }
        return (try? await client.send(RedisCommand("SET", .string(key), "1"), expecting: identity)) == .status("OK")
    }

    @Test("each key is served by the master of its slot, and another one says who that is")
    func slots() async throws {
        try await RedisCluster.with(isReplicated: false) { cluster in
            try await with(cluster.url) { client async throws in
                #expect(client.isCluster)
                #expect(client.identities.count == 3)
                #expect(client.slots?.unserved == 0)
                #expect(
                    Set(client.servers.compactMap { $0.address?.description }) == Set(cluster.servers.map(\.address)))
                var served: Set<String> = []
                for key in (0..<50).map({ "k\($0)" }) + ["a{k7}", "{}", "{x"] {
                    let identity = try #require(client.identity(serving: key))
                    served.insert(identity)
                    let set = RedisCommand("SET", .string(key), "1")
                    #expect(try await client.send(set, expecting: identity) == .status("OK"))
                    for other in client.identities where other != identity {
                        let error = await #expect(throws: RedisError.self) {
                            try await client.send(set, expecting: other)
                        }
                        #expect(error?.serverCode == "MOVED")
                    }
                }
                #expect(served == client.identities)
                let unknown = await #expect(throws: RedisError.self) {
                    try await client.send(RedisCommand("PING"), expecting: "another")
                }
                #expect(unknown?.kind == .serverChanged)
            }
        }
    }

    @Test("a replica that is promoted takes over its master's keys, there and back, and the others go on meanwhile")
    func failover() async throws {
        try await RedisCluster.with { cluster in
            try await with(cluster.url) { client async throws in
                let masters = try cluster.masters
                let (key, other) = (
                    try self.key(of: masters[0], in: cluster), try self.key(of: masters[1], in: cluster)
                )
                var master = masters[0]
                var identities: Set<String> = [try #require(client.identity(serving: key))]
                for _ in 0..<2 {
                    master.kill()
                    try await eventually("the replica serves the key") {
                        guard let identity = client.identity(serving: other) else { return false }
                        _ = try await client.send(RedisCommand("ECHO", "1"), expecting: identity)
                        return await works(key, client)
                    }
                    #expect(identities.insert(try #require(client.identity(serving: key))).inserted)
                    let killed = master
                    let slot = Int(try masters[1].cli("CLUSTER", "KEYSLOT", key).filter(\.isNumber)) ?? -1
                    master = try #require(try cluster.master(of: slot, seenBy: masters[1]))
                    try killed.start()
                    try await eventually("the one that was killed is a replica") {
                        try killed.cli("INFO", "replication").contains("master_link_status:up")
                    }
                }
                #expect(client.identities.count == 3)
            }
        }
    }

    @Test("while a slot is moved, its commands are refused; then its new master serves it")
    func movedSlot() async throws {
        try await RedisCluster.with(isReplicated: false) { cluster in
            // Only MOVED renews the map.
            try await with(cluster.url, adjust: { $0.identityInterval = .seconds(3_600) }) { client async throws in
                let key = "khata"
                let slot = Int(try cluster.servers[0].cli("CLUSTER", "KEYSLOT", key).filter(\.isNumber)) ?? -1
                let source = try #require(try cluster.master(of: slot, seenBy: cluster.servers[0]))
                let target = try #require(cluster.servers.first { $0.port != source.port })
                let before = try #require(client.identity(serving: key))
                let get = RedisCommand("GET", .string(key))
                #expect(try await client.send(get, expecting: before) == .null)

                try cluster.startMoving(slot, from: source, to: target)
                let asked = await #expect(throws: RedisError.self) { try await client.send(get, expecting: before) }
                #expect(asked?.serverCode == "ASK")
                #expect(client.identity(serving: key) == before)

                try cluster.finishMoving(slot, from: source, to: target)
                let moved = await #expect(throws: RedisError.self) { try await client.send(get, expecting: before) }
                #expect(moved?.serverCode == "MOVED")
                try await eventually("the map is renewed, and the new master serves the key") {
                    let serves = await works(key, client)
                    return serves && client.identity(serving: key) != before
                }
                #expect(try target.cli("EXISTS", key).contains("1"))
            }
        }
    }

    @Test("a master that hangs does not slow down the others, and comes back")
    func silentNode() async throws {
        try await RedisCluster.with(isReplicated: false) { cluster in
            try await with(
                cluster.url,
                adjust: {
                    $0.commandTimeout = .milliseconds(300)
                    $0.silenceTimeout = .seconds(1)
                    $0.connectTimeout = .seconds(1)
                }
            ) { client async throws in
                let (silent, other) = (cluster.servers[0], cluster.servers[1])
                let (silentKey, key) = (try self.key(of: silent, in: cluster), try self.key(of: other, in: cluster))
                silent.stop()
                try await eventually("it is given up") { client.identity(serving: silentKey) == nil }
                let identity = try #require(client.identity(serving: key))
                for _ in 0..<100 { _ = try await client.send(RedisCommand("PING"), expecting: identity) }
                #expect(client.servers.count { $0.isConnected } == 2)
                #expect(client.servers.first { !$0.isConnected }?.failure != nil)
                silent.resume()
                try await eventually("it is back") { await works(silentKey, client) }
            }
        }
    }

    @Test("a master that is added is used once it has slots, and left when it has none")
    func addedNode() async throws {
        try await RedisCluster.with(isReplicated: false) { cluster in
            try await RedisCluster.withServers(1) { added in
                try await with(cluster.url) { client async throws in
                    let key = "khata"
                    let slot = Int(try cluster.servers[0].cli("CLUSTER", "KEYSLOT", key).filter(\.isNumber)) ?? -1
                    let source = try #require(try cluster.master(of: slot, seenBy: cluster.servers[0]))
                    try source.cli("--cluster", "add-node", added[0].address, source.address)
                    try await eventually("it knows the others") {
                        try added[0].cli("CLUSTER", "INFO").contains("cluster_state:ok")
                    }
                    let before = try #require(client.identity(serving: key))
                    try cluster.startMoving(slot, from: source, to: added[0])
                    try cluster.finishMoving(slot, from: source, to: added[0])
                    // Until all nodes know of the move, the map may change back.
                    try await eventually("it is used") {
                        let serves = await works(key, client)
                        return serves && client.identities.count == 4 && client.identity(serving: key) != before
                    }
                    _ = try added[0].cli("DEL", key)
                    try cluster.startMoving(slot, from: added[0], to: source)
                    try cluster.finishMoving(slot, from: added[0], to: source)
                    try await eventually("it is left") {
                        let serves = await works(key, client)
                        // The same process. What was added becomes its replica, which may give it another replication id.
                        let process = client.identity(serving: key)?.split(separator: "/").first
                        return serves && client.servers.count == 3 && process == before.split(separator: "/").first
                    }
                }
            }
        }
    }

    @Test("seeds that are down or hang are passed over")
    func badSeeds() async throws {
        try await RedisServer.with { silent in
            try await eventually("the server answers") { try silent.cli("PING").hasPrefix("PONG") }
            silent.stop()
            try await RedisCluster.with(isReplicated: false) { cluster in
                let url = "redis-cluster://127.0.0.1:1,\(silent.address),\(cluster.servers[2].address)"
                try await with(url) { client in #expect(client.identities.count == 3) }
            }
        }
    }

    @Test("when all addresses have changed, the seeds are asked again")
    func seedsAgain() async throws {
        try await RedisCluster.with(isReplicated: false) { cluster in
            try await with(cluster.url) { client async throws in
                let before = client.identities
                for server in cluster.servers { server.kill() }
                try await eventually("all are given up") { client.identities.isEmpty }
                for server in cluster.servers { try server.start() }
                try await eventually("all are back") { client.identities.count == 3 }
                #expect(client.identities.isDisjoint(with: before))
                try await eventually("they serve") { await works("khata", client) }
            }
        }
    }

    @Test("a node that announces an address where it is not is named")
    func unreachableNode() async throws {
        try await RedisCluster.withServers(1, arguments: ["--cluster-announce-port", "1"]) { servers in
            _ = try servers[0].cli("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
            try await TestClient.unconnected("redis-cluster://\(servers[0].address)") { client in
                let error = await #expect(throws: RedisError.self) { try await client.connect(within: .seconds(60)) }
                #expect(error?.message.contains("127.0.0.1:1") == true)
                #expect(client.servers.map(\.address) == [.host("127.0.0.1", port: 1)])
                #expect(client.identity(serving: "k") == nil)
            }
        }
    }

    @Test("TLS leads to the name that nodes announce, and no other")
    func tls() async throws {
        for (type, isTrusted) in [("hostname", true), ("ip", false)] {
            let port = try await RedisServer.freePort()
            let arguments = [
                "--tls-port", "\(port)", "--tls-cert-file", "$DIR/cert.pem", "--tls-key-file", "$DIR/key.pem",
                "--tls-ca-cert-file", "$DIR/cert.pem", "--tls-auth-clients", "no", "--tls-cluster", "yes",
                "--cluster-enabled", "yes", "--cluster-port", "\(try await RedisServer.freePort())",
                "--cluster-announce-hostname", "localhost", "--cluster-preferred-endpoint-type", type,
                "--cluster-announce-ip", "127.0.0.1",
            ]
            try await RedisServer.with(arguments, prepare: SelfSignedCertificate.make) { server in
                try await eventually("it has all slots") {
                    try server.cli("CLUSTER", "ADDSLOTSRANGE", "0", "16383").hasPrefix("OK")
                }
                let trust = { (configuration: inout RedisConfiguration) in
                    configuration.trustRoots = .file(path: "\(server.directory.path)/cert.pem")
                }
                try await TestClient.unconnected("rediss-cluster://localhost:\(port)", adjust: trust) { client in
                    try await eventually("its slots are known") { client.slots?.unserved == 0 }
                    #expect(client.servers.map(\.address) == [.host(isTrusted ? "localhost" : "127.0.0.1", port: port)])
                    if isTrusted {
                        try await client.connect(within: .seconds(60))
                        try await eventually("it serves its slots") { await works("k", client) }
                    } else {
                        await #expect(throws: RedisError.self) { try await client.connect(within: .seconds(60)) }
                    }
                }
            }
        }
    }
}
