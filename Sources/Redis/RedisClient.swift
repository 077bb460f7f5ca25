public import Logging
public import NIOCore
internal import NIOSSL
internal import Synchronization

/// An asynchronous client of one Redis server. Has to be closed before it is given up.
///
/// - Commands of one turn of an event loop leave in one write, and replies are matched first in, first out.
/// - Nothing waits without a limit: a caller has its answer or an error by ``RedisConfiguration/commandTimeout``, and a
///   queue that is full refuses.
/// - A connection that is lost fails all that is in flight on it, and is made again by itself. Commands are never sent
///   again by themselves.
public final class RedisClient: Sendable {
    private let connections: [Connection]
    private let watches: [Task<Void, Never>]
    private let turn = Atomic(0)

    /// Starts to connect and does not wait for it. Reads the file of the trust roots, if one is named.
    /// - Throws: ``InvalidRedisConfiguration``.
    public init(
        _ configuration: RedisConfiguration, eventLoopGroup: any EventLoopGroup, logger: Logger
    ) throws(InvalidRedisConfiguration) {
        try configuration.validate()
        let tls = try configuration.makeTLSContext()
        connections = (0..<configuration.connections).map { _ in
            Connection(configuration, tls: tls, eventLoop: eventLoopGroup.next(), logger: logger)
        }
        watches = connections.map { connection in Task { await connection.watchIdentity() } }
    }

    /// The identities of the connected servers: usually one, several while connections lead to different ones, none while
    /// there is no connection.
    ///
    /// A server has another identity after each of its restarts, and after it was the replica of another one: it names its
    /// process and the history of its data. A replica is not connected to. By the time commands are sent a connection may
    /// lead elsewhere: give the identity to them as `expecting`, if they make sense on this server only.
    public var identities: Set<String> {
        Set(connections.lazy.compactMap(\.identity))
    }

    public func isConnected(to identity: String) -> Bool {
        connections.contains { $0.identity == identity }
    }

    /// Sends one command.
    /// - Parameter identity: If given, the command is sent to the server of this identity or not at all: then it throws
    ///   `.serverChanged`. The reply is that server's.
    /// - Throws: ``RedisError``; `.server` if the reply is an error.
    public func send(_ command: RedisCommand, expecting identity: String? = nil) async throws(RedisError) -> RedisValue
    {
        guard case .one(let value) = try await perform(.one(command), expecting: identity) else {
            preconditionFailure("one command has one reply")
        }
        if let error = value.error { throw error }
        return value
    }

    /// Sends several commands, one right behind the other, in one round trip. Others' commands do not come between
    /// them, other clients' may.
    /// - Parameters:
    ///   - commands: No more than ``RedisConfiguration/maximumInFlight``.
    ///   - identity: As in ``send(_:expecting:)``. All of the replies are that server's.
    /// - Returns: As many replies as there are commands; ``RedisValue/error(_:)`` for those that the server refused.
    public func pipeline(
        _ commands: [RedisCommand], expecting identity: String? = nil
    ) async throws(RedisError) -> [RedisValue] {
        guard !commands.isEmpty else { return [] }
        return switch try await perform(.many(commands), expecting: identity) {
        case .one(let value): [value]
        case .many(let values): values
        }
    }

    /// Closes the connections. What is pending fails with `.closed`.
    public func close() async {
        for watch in watches { watch.cancel() }
        for connection in connections { await connection.close() }
    }

    private func perform(
        _ commands: Request.Commands, expecting identity: String?
    ) async throws(RedisError) -> RedisReplies {
        let request = Request(commands, expecting: identity)
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { caller in
                if request.wait(caller) { connection(to: identity).submit(request) }
            }
        } onCancel: {
            request.finish(.failure(.cancelled))
        }
        return try outcome.get()
    }

    /// The caller's own event loop's, if it is on one, else any in turn; but rather one that leads to the server.
    private func connection(to identity: String?) -> Connection {
        guard connections.count > 1 else { return connections[0] }
        let preferred =
            connections.first { $0.eventLoop.inEventLoop }
            ?? connections[turn.add(1, ordering: .relaxed).oldValue % connections.count]
        guard let identity, preferred.identity != identity else { return preferred }
        return connections.first { $0.identity == identity } ?? preferred
    }
}
