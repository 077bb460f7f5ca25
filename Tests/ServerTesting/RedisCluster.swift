import Foundation

/// A Redis Cluster of the test's own: three masters, each with a replica.
public struct RedisCluster: Sendable {
    public let servers: [RedisServer]

    /// - Parameter isReplicated: Whether the masters have replicas.
    public static func with<T>(
        isReplicated: Bool = true, arguments: [String] = [], _ body: (RedisCluster) async throws -> T
    ) async throws -> T {
        try await withServers(isReplicated ? 6 : 3, arguments: arguments) { servers in
            let created = try servers[0].cli(
                ["--cluster", "create"] + servers.map(\.address)
                    + ["--cluster-replicas", isReplicated ? "1" : "0", "--cluster-yes"])
            guard created.contains("[OK] All 16384 slots covered.") else { throw RedisClusterError(created) }
            let cluster = RedisCluster(servers: servers)
            try await eventually("all nodes know that the cluster is complete") {
                try servers.allSatisfy { try $0.cli("CLUSTER", "INFO").contains("cluster_state:ok") }
            }
            if isReplicated {
                try await eventually("the replicas have what the masters have") { try cluster.replicas.count == 3 }
            }
            return try await body(cluster)
        }
    }

    /// Servers that can be nodes of a cluster, but are not yet.
    public static func withServers<T>(
        _ count: Int, arguments: [String] = [], _ body: ([RedisServer]) async throws -> T
    ) async throws -> T {
        try await RedisServer.with(count) { _ in
            [
                "--cluster-enabled", "yes", "--cluster-port", "\(try await RedisServer.freePort())",
                "--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0",
            ] + arguments
        } _: {
            try await body($0)
        }
    }

    public var url: String { "redis-cluster://\(servers.map(\.address).joined(separator: ","))" }

    /// Those that are masters and respond.
    public var masters: [RedisServer] {
        get throws { try servers.filter { try $0.cli("INFO", "replication").contains("role:master") } }
    }

    /// Those that are synchronized with their master.
    public var replicas: [RedisServer] {
        get throws { try servers.filter { try $0.cli("INFO", "replication").contains("master_link_status:up") } }
    }

    /// The master that serves the slot, as seen by `server`.
    public func master(of slot: Int, seenBy server: RedisServer) throws -> RedisServer? {
        // Lines of CLUSTER NODES: id, address, flags, master, …, and the ranges of slots.
        for line in try server.cli("CLUSTER", "NODES").split(separator: "\n") {
            let fields = line.split(separator: " ")
            let ranges = fields.dropFirst(8).filter { !$0.hasPrefix("[") }
            guard ranges.contains(where: { Self.contains($0, slot) }) else { continue }
            return servers.first { fields[1].hasPrefix("\($0.address)@") }
        }
        return nil
    }

    private static func contains(_ range: Substring, _ slot: Int) -> Bool {
        let bounds = range.split(separator: "-").compactMap { Int($0) }
        guard let first = bounds.first, let last = bounds.last else { return false }
        return first <= slot && slot <= last
    }

    /// Moves a slot as an operator does; commands for what has been moved get `ASK` between the two calls.
    public func startMoving(_ slot: Int, from source: RedisServer, to target: RedisServer) throws {
        try target.cli("CLUSTER", "SETSLOT", "\(slot)", "IMPORTING", source.nodeID())
        try source.cli("CLUSTER", "SETSLOT", "\(slot)", "MIGRATING", target.nodeID())
    }

    public func finishMoving(_ slot: Int, from source: RedisServer, to target: RedisServer) throws {
        let id = try target.nodeID()
        for server in [target, source] { try server.cli("CLUSTER", "SETSLOT", "\(slot)", "NODE", id) }
    }
}

extension RedisServer {
    /// Of a node of a cluster.
    public func nodeID() throws -> String {
        try cli("CLUSTER", "MYID").trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

struct RedisClusterError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
