/// Two servers, a master and its replica, watched by three sentinels.
public struct RedisSentinels: Sendable {
    public let servers: [RedisServer]
    public let sentinels: [RedisServer]

    /// The master's name.
    public static let name = "shop"

    public static func with<T>(
        serverArguments: [String] = [], sentinelArguments: [String] = [], _ body: (RedisSentinels) async throws -> T
    ) async throws -> T {
        try await RedisServer.with(2) { _ in
            ["--repl-diskless-sync-delay", "0"] + serverArguments
        } _: { servers in
            try servers[1].cli("REPLICAOF", "127.0.0.1", "\(servers[0].port)")
            try await eventually("the replica has what the master has") {
                try servers[1].cli("INFO", "replication").contains("master_link_status:up")
            }
            return try await RedisServer.with(3, isSentinel: true) { _ in
                sentinelArguments
            } _: { sentinels in
                let all = RedisSentinels(servers: servers, sentinels: sentinels)
                for sentinel in sentinels {
                    try sentinel.cli("SENTINEL", "MONITOR", name, "127.0.0.1", "\(servers[0].port)", "2")
                    try sentinel.cli(
                        "SENTINEL", "SET", name, "down-after-milliseconds", "500", "failover-timeout", "3000")
                }
                try await eventually("the sentinels know each other and the replica") {
                    try sentinels.allSatisfy {
                        let state = try $0.cli("INFO", "sentinel")
                        return state.contains("slaves=1") && state.contains("sentinels=3")
                    }
                }
                return try await body(all)
            }
        }
    }

    public var url: String { "redis-sentinel://\(sentinels.map(\.address).joined(separator: ","))/\(Self.name)" }

    /// The server that a sentinel calls the master.
    public func master(by sentinel: RedisServer) throws -> RedisServer? {
        let answer = try sentinel.cli("SENTINEL", "GET-MASTER-ADDR-BY-NAME", Self.name)
        return servers.first { answer.contains("\($0.port)") }
    }
}
