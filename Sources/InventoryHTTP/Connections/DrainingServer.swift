import Dispatch
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Whether the API has stopped accepting connections, so that readiness fails on the operator's port meanwhile.
final class DrainingFlag: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }

    func set() { flag.store(true, ordering: .relaxed) }
}

/// Accepts connections. On graceful shutdown stops doing so, lets the requests that were received finish, and cuts off the
/// clients that are left after a deadline.
///
/// Not Hummingbird's server, which cannot take over a socket, and may crash when it stops.
struct DrainingServer<Connection: ServerChildChannel>: Service {
    let address: ListeningAddress
    let connection: Connection
    let watches: ConnectionWatches
    let limits: ConnectionLimits
    let eventLoopGroup: any EventLoopGroup
    let onListening: @Sendable (SocketAddress) async -> Void
    /// Called when the shutdown begins.
    let onDraining: @Sendable () -> Void
    /// How long connections are still accepted after that.
    let drainDelay: Duration
    let logger: Logger

    /// Connections that wait to be accepted.
    private static var backlog: CInt { 1_024 }

    /// - Throws: Also `ConnectionsCutOff`.
    func run() async throws {
        let (opening, unfinished) = (DispatchGroup(), DispatchGroup())
        let listener = try await bind(opening, unfinished)
        if let address = listener.localAddress { await onListening(address) }
        try await withThrowingTaskGroup(of: Int?.self) { group in
            group.addTask {
                try await listener.closeFuture.get()
                await unfinished.emptied()
                return nil
            }
            group.addTask {
                // Cancelled, none of this waits.
                try? await gracefulShutdown()
                onDraining()
                try? await Task.sleep(for: drainDelay)
                // A connection that NIO has accepted is reset if the listener is closed before it is set up.
                try await listener.setOption(.autoRead, value: false).get()
                await opening.emptied()
                try await listener.close()
                watches.drain()
                try? await Task.sleep(for: limits.drain)
                return try await cutOff()
            }
            var count = 0
            while let cutOff = try await group.next() {
                guard let cutOff else { break }
                count = cutOff
            }
            group.cancelAll()
            if count > 0 { throw ConnectionsCutOff(count: count) }
        }
    }

    /// - Parameters:
    ///   - opening: Entered by each connection until it is set up.
    ///   - unfinished: Entered by each connection until it is closed, and by each of their tasks.
    private func bind(_ opening: DispatchGroup, _ unfinished: DispatchGroup) async throws -> any Channel {
        let bootstrap = ServerBootstrap(group: eventLoopGroup)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { $0.pipeline.addHandler(AcceptedConnections(opening, unfinished)) }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // A task for each connection is begun here. NIO's sequence of accepted connections loses those that are in it
            // when the listener is closed, which ends the process ("Deinited NIOAsyncWriter").
            .childChannelInitializer { channel in
                connection.setup(channel: channel, logger: logger).map { value in
                    unfinished.enter()
                    Task {
                        await connection.handle(value: value, logger: logger)
                        unfinished.leave()
                    }
                }.always { _ in
                    // After NIO has taken note.
                    channel.eventLoop.execute { opening.leave() }
                }
            }
        switch address {
        case .hostname(let host, let port):
            return try await bootstrap.bind(host: host, port: port).get()
        case .socket(let socket):
            let listener = try await bootstrap.withBoundSocket(socket).get()
            // NIO has limited it to 128.
            guard listen(socket, Self.backlog) == 0 else { throw IOError(errnoCode: errno, reason: "listen") }
            return listener
        }
    }

    private func cutOff() async throws -> Int {
        let count = try await watches.cutOff()
        if count > 0 {
            logger.error(
                "connections are cut off: their requests were not finished in time",
                metadata: ["connections": "\(count)", "seconds": "\(limits.drain.components.seconds)"])
        }
        return count
    }
}

extension DispatchGroup {
    /// Until nobody is left in it.
    fileprivate func emptied() async {
        await withCheckedContinuation { empty in notify(queue: .global()) { empty.resume() } }
    }
}

/// Counts connections from when they are accepted.
private final class AcceptedConnections: ChannelInboundHandler, Sendable {
    typealias InboundIn = any Channel

    private let opening: DispatchGroup
    private let unfinished: DispatchGroup

    init(_ opening: DispatchGroup, _ unfinished: DispatchGroup) {
        self.opening = opening
        self.unfinished = unfinished
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        opening.enter()
        unfinished.enter()
        unwrapInboundIn(data).closeFuture.whenComplete { [unfinished] _ in unfinished.leave() }
        context.fireChannelRead(data)
    }
}

/// The clients do not know the outcome of their requests.
struct ConnectionsCutOff: Error, CustomStringConvertible {
    let count: Int

    var description: String { "not all requests were finished before the shutdown; connections cut off: \(count)" }
}
