public import Logging
public import NIOCore
internal import NIOSSL
internal import Synchronization

/// An asynchronous client of a Redis server: of the one at an address, of the one that sentinels call the master, or of all
/// masters of a cluster. Must be closed before it is released.
///
/// - Commands of one turn of an event loop are sent in one write, and replies are matched first in, first out.
/// - All waits are bounded: a caller gets a reply or an error within ``RedisConfiguration/commandTimeout``, and a full
///   queue refuses commands.
/// - A lost connection fails all its commands in flight, and is re-established automatically. Commands are never
///   retried automatically.
/// - Redirections within a cluster (`MOVED`, `ASK`) are not followed: they are errors of their commands.
public final class RedisClient: Sendable {
    enum Topology {
        case server(ConnectionGroup, RedisAddress)
        case sentinels(ConnectionGroup, Sentinels)
        case cluster(Cluster)
    }

    let topology: Topology
    /// Follows the changes of the topology.
    private let watch: Task<Void, Never>?
    private let onRoundTrip: (@Sendable (RedisRoundTrip) -> Void)?

    /// Starts connecting, without waiting. Reads the file of trust roots, if configured.
    /// - Throws: ``InvalidRedisConfiguration``.
    public init(
        _ configuration: RedisConfiguration, eventLoopGroup: any EventLoopGroup, logger: Logger
    ) throws(InvalidRedisConfiguration) {
        try configuration.validate()
        let tls = try configuration.makeTLSContext()
        onRoundTrip = configuration.onRoundTrip
        let eventLoops = (0..<configuration.connections).map { _ in eventLoopGroup.next() }
        switch configuration.topology {
        case .server(let address):
            let group = ConnectionGroup(
                configuration, to: .master(address, inCluster: false), tls: tls, eventLoops: eventLoops, logger: logger)
            topology = .server(group, address)
            watch = nil
        case .sentinels(let addresses, let name):
            let sentinels = Sentinels(
                addresses, master: name, configuration, tls: tls, eventLoop: eventLoops[0], logger: logger)
            let group = ConnectionGroup(
                configuration, to: .masterOf(sentinels), tls: tls, eventLoops: eventLoops, logger: logger)
            topology = .sentinels(group, sentinels)
            watch = Task {
                while (try? await Task.sleep(for: configuration.identityInterval)) != nil {
                    guard case .success(let master) = await sentinels.master() else { continue }
                    for connection in group.connections { connection.leave(unlessAt: master) }
                }
            }
        case .cluster(let seeds):
            let cluster = Cluster(seeds, configuration, tls: tls, eventLoops: eventLoops, logger: logger)
            topology = .cluster(cluster)
            watch = Task { await cluster.run() }
        }
    }

    /// The identities of the connected servers: usually one, or one for each master of a cluster; several while connections
    /// lead to different ones, none while there is no connection.
    ///
    /// A server has a new identity after each restart, and after it was a replica: it consists of its process and
    /// replication id. The client does not connect to replicas. By the time commands are sent, a connection may lead to
    /// another server: pass the identity as `expecting` if they are only valid on this one.
    public var identities: Set<String> {
        switch topology {
        case .server(let group, _), .sentinels(let group, _): group.identities
        case .cluster(let cluster): cluster.identities
        }
    }

    public func isConnected(to identity: String) -> Bool {
        switch topology {
        case .server(let group, _), .sentinels(let group, _):
            group.connections.contains { $0.identity == identity }
        case .cluster(let cluster): cluster.isConnected(to: identity)
        }
    }

    /// Whether the keys are divided among several masters.
    public var isCluster: Bool { if case .cluster = topology { true } else { false } }

    /// The identity of the connected master that serves the key, as far as known; without a cluster, one of
    /// ``identities``, whatever the key is.
    public func identity(serving key: String) -> String? {
        switch topology {
        case .server(let group, _), .sentinels(let group, _): group.identity
        case .cluster(let cluster): cluster.identity(serving: key)
        }
    }

    /// Waits until the first attempts to connect to the servers have succeeded or failed.
    /// - Throws: ``RedisError``; why a master is not connected, or `.timeout`.
    public func connect(within timeout: Duration) async throws(RedisError) {
        let deadline = ContinuousClock.now + timeout
        while isConnecting {
            guard ContinuousClock.now < deadline else { throw .timeout }
            do { try await Task.sleep(for: .milliseconds(10)) } catch { throw .cancelled }
        }
        if let failure { throw failure }
    }

    /// Sends one command.
    /// - Parameter identity: If given, the command is only sent to the server with this identity; otherwise throws
    ///   `.serverChanged`. Without, a cluster gets it at any of its masters, which refuses keys of others.
    /// - Throws: ``RedisError``; `.server` if the reply is an error.
    public func send(_ command: RedisCommand, expecting identity: String? = nil) async throws(RedisError) -> RedisValue
    {
        guard case .one(let value) = try await perform(.one(command), expecting: identity) else {
            preconditionFailure("one command has one reply")
        }
        if let error = value.error { throw error }
        return value
    }

    /// Sends several commands in one round trip, without commands of other callers between them; other clients'
    /// commands may be.
    /// - Parameters:
    ///   - commands: No more than ``RedisConfiguration/maximumInFlight``.
    ///   - identity: As in ``send(_:expecting:)``, for all commands.
    /// - Returns: A reply per command; ``RedisValue/error(_:)`` for those that failed.
    public func pipeline(
        _ commands: [RedisCommand], expecting identity: String? = nil
    ) async throws(RedisError) -> [RedisValue] {
        guard !commands.isEmpty else { return [] }
        return switch try await perform(.many(commands), expecting: identity) {
        case .one(let value): [value]
        case .many(let values): values
        }
    }

    /// Closes the connections. Pending commands fail with `.closed`.
    public func close() async {
        watch?.cancel()
        switch topology {
        case .server(let group, _): await group.close()
        case .sentinels(let group, let sentinels):
            await group.close()
            await sentinels.close()
        case .cluster(let cluster): await cluster.close()
        }
    }

    private func perform(
        _ commands: Request.Commands, expecting identity: String?
    ) async throws(RedisError) -> RedisReplies {
        let start = onRoundTrip.map { _ in ContinuousClock.now }
        let outcome: Request.Outcome =
            switch connection(to: identity) {
            case .success(let connection): await connection.perform(Request(commands, expecting: identity))
            case .failure(let error): .failure(error)
            }
        if let start, let onRoundTrip {
            let isFailure = if case .failure = outcome { true } else { false }
            onRoundTrip(
                RedisRoundTrip(
                    command: commands.first.name, commands: commands.count, duration: .now - start,
                    isFailure: isFailure))
        }
        return try outcome.get()
    }

    private func connection(to identity: String?) -> Result<Connection, RedisError> {
        switch topology {
        case .server(let group, _), .sentinels(let group, _): return .success(group.connection(to: identity))
        case .cluster(let cluster):
            if let connection = cluster.connection(to: identity) { return .success(connection) }
            if identity != nil && !cluster.identities.isEmpty { return .failure(.serverChanged) }
            return .failure(failure ?? RedisError(.connection, "no node of the Redis cluster is connected yet"))
        }
    }

    /// Whether an attempt is under way that is the first one to a server.
    private var isConnecting: Bool {
        let servers = servers
        guard !servers.isEmpty else { return failure == nil }
        return servers.contains { !$0.isConnected && $0.failure == nil }
    }

    /// Why a master is not connected, if that is known.
    private var failure: RedisError? {
        switch topology {
        case .server(let group, _), .sentinels(let group, _): group.failure
        case .cluster(let cluster): cluster.failure
        }
    }
}
