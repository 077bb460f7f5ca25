public import Logging
public import NIOCore
internal import NIOSSL
internal import Synchronization

/// An asynchronous client of one Redis server. Must be closed before it is released.
///
/// - Commands of one turn of an event loop are sent in one write, and replies are matched first in, first out.
/// - All waits are bounded: a caller gets a reply or an error within ``RedisConfiguration/commandTimeout``, and a full
///   queue refuses commands.
/// - A lost connection fails all its commands in flight, and is re-established automatically. Commands are never
///   retried automatically.
public final class RedisClient: Sendable {
    private let connections: [Connection]
    private let watches: [Task<Void, Never>]
    private let onRoundTrip: (@Sendable (RedisRoundTrip) -> Void)?
    private let turn = Atomic(0)

    /// Starts connecting, without waiting. Reads the file of trust roots, if configured.
    /// - Throws: ``InvalidRedisConfiguration``.
    public init(
        _ configuration: RedisConfiguration, eventLoopGroup: any EventLoopGroup, logger: Logger
    ) throws(InvalidRedisConfiguration) {
        try configuration.validate()
        let tls = try configuration.makeTLSContext()
        onRoundTrip = configuration.onRoundTrip
        connections = (0..<configuration.connections).map { _ in
            Connection(configuration, tls: tls, eventLoop: eventLoopGroup.next(), logger: logger)
        }
        watches = connections.map { connection in Task { await connection.watchIdentity() } }
    }

    /// The identities of the connected servers: usually one, several while connections lead to different ones, none while
    /// there is no connection.
    ///
    /// A server has a new identity after each restart, and after it was a replica: it consists of its process and
    /// replication id. The client does not connect to replicas. By the time commands are sent, a connection may lead to
    /// another server: pass the identity as `expecting` if they are only valid on this one.
    public var identities: Set<String> {
        Set(connections.lazy.compactMap(\.identity))
    }

    public func isConnected(to identity: String) -> Bool {
        connections.contains { $0.identity == identity }
    }

    /// Whether the keys are divided among several masters.
    public var isCluster: Bool { false }

    /// The identity of the connected master that serves the key, as far as known; without a cluster, one of
    /// ``identities``, whatever the key is.
    public func identity(serving key: String) -> String? {
        connections.lazy.compactMap(\.identity).min()
    }

    /// Sends one command.
    /// - Parameter identity: If given, the command is only sent to the server with this identity; otherwise throws
    ///   `.serverChanged`.
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
        for watch in watches { watch.cancel() }
        for connection in connections { await connection.close() }
    }

    private func perform(
        _ commands: Request.Commands, expecting identity: String?
    ) async throws(RedisError) -> RedisReplies {
        let start = onRoundTrip.map { _ in ContinuousClock.now }
        let request = Request(commands, expecting: identity)
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { caller in
                if request.wait(caller) { connection(to: identity).submit(request) }
            }
        } onCancel: {
            request.finish(.failure(.cancelled))
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

    /// The connection of the caller's event loop, if any, else the next in turn; one to the required server is
    /// preferred.
    private func connection(to identity: String?) -> Connection {
        guard connections.count > 1 else { return connections[0] }
        let preferred =
            connections.first { $0.eventLoop.inEventLoop }
            ?? connections[turn.add(1, ordering: .relaxed).oldValue % connections.count]
        guard let identity, preferred.identity != identity else { return preferred }
        return connections.first { $0.identity == identity } ?? preferred
    }
}
