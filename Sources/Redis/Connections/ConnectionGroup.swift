internal import Logging
internal import NIOCore
internal import NIOSSL
internal import Synchronization

/// Connections to the same server, on different event loops. Must be closed before it is released.
final class ConnectionGroup: Sendable {
    let connections: [Connection]
    private let watches: [Task<Void, Never>]
    private let turn = Atomic(0)

    /// Starts connecting, without waiting.
    init(
        _ configuration: RedisConfiguration, to destination: Destination, tls: NIOSSLContext?,
        eventLoops: [any EventLoop], logger: Logger, onEvent: @escaping @Sendable (Link.Event) -> Void = { _ in }
    ) {
        connections = eventLoops.map { eventLoop in
            Connection(
                configuration, to: destination, tls: tls, eventLoop: eventLoop, logger: logger, onEvent: onEvent)
        }
        watches = connections.map { connection in Task { await connection.watchIdentity() } }
    }

    var identities: Set<String> { Set(connections.lazy.compactMap(\.identity)) }

    /// Of the connected server; while connections lead to different ones, one of them.
    var identity: String? { connections.lazy.compactMap(\.identity).min() }

    /// Why there is no connection, if there is none.
    var failure: RedisError? {
        var failure: RedisError?
        for connection in connections {
            switch connection.server {
            case .success: return nil
            case .failure(let error): failure = error
            case nil: break
            }
        }
        return failure
    }

    /// The connection of the caller's event loop, if any, else the next in turn; one to the required server is
    /// preferred.
    func connection(to identity: String?) -> Connection {
        guard connections.count > 1 else { return connections[0] }
        let preferred =
            connections.first { $0.eventLoop.inEventLoop }
            ?? connections[turn.add(1, ordering: .relaxed).oldValue % connections.count]
        guard let identity, preferred.identity != identity else { return preferred }
        return connections.first { $0.identity == identity } ?? preferred
    }

    /// - Parameter error: For the pending commands.
    func close(failing error: RedisError = .closed) async {
        for watch in watches { watch.cancel() }
        for connection in connections { await connection.close(failing: error) }
    }
}
