import NIOCore
import NIOPosix
import Synchronization

/// A TCP relay to a server that can lose a connection at the worst moment, when a commit is on its way, or done, and that can
/// fall silent.
public final class FaultyLink: Sendable {
    public enum Fault: Sendable {
        /// The commit never reaches the server.
        case beforeCommit
        /// The server commits, and its answer is lost.
        case afterCommit
    }

    public let port: Int
    private let server: any Channel
    private let faults: Faults

    /// - Parameter address: Of the server behind the link.
    public static func with<T: Sendable>(
        to host: String, _ port: Int, _ body: (FaultyLink) async throws -> T
    ) async throws -> T {
        let faults = Faults()
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { client in
                ClientBootstrap(group: client.eventLoop).connect(host: host, port: port).flatMap { upstream in
                    client.eventLoop.makeCompletedFuture {
                        let relay = Relay(to: client, faults: faults)
                        try upstream.pipeline.syncOperations.addHandler(relay)
                        try client.pipeline.syncOperations.addHandler(
                            ClientSide(upstream: upstream, relay: relay, faults: faults))
                    }
                }.flatMap { client.setOption(.autoRead, value: true) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let link = FaultyLink(server, faults)
        do {
            let result = try await body(link)
            try await server.close()
            return result
        } catch {
            try await server.close()
            throw error
        }
    }

    private init(_ server: any Channel, _ faults: Faults) {
        self.server = server
        self.faults = faults
        guard let port = server.localAddress?.port else { preconditionFailure("the link is bound") }
        self.port = port
    }

    /// The next commit meets the fault; one fault for each call.
    public func breakNextCommit(_ fault: Fault) {
        faults.pending.withLock { $0.append(fault) }
    }

    public var faultsLeft: Int { faults.pending.withLock { $0.count } }

    /// While it is silent, all that the server says is lost, as if it were stopped.
    public func setSilent(_ isSilent: Bool) {
        faults.isSilent.store(isSilent, ordering: .relaxed)
    }
}

private final class Faults: Sendable {
    let pending = Mutex<[FaultyLink.Fault]>([])
    let isSilent = Atomic(false)

    func next() -> FaultyLink.Fault? {
        pending.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}

/// What the client sends, on its way to the server.
private final class ClientSide: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let upstream: any Channel
    /// Runs on the same event loop.
    private let relay: Relay
    private let faults: Faults

    init(upstream: any Channel, relay: Relay, faults: Faults) {
        self.upstream = upstream
        self.relay = relay
        self.faults = faults
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        // A Bind message names the prepared statement that it runs, ending in a zero byte.
        guard buffer.readableBytesView.contains("\0commit\0".utf8), let fault = faults.next() else {
            upstream.writeAndFlush(buffer, promise: nil)
            return
        }
        switch fault {
        case .beforeCommit:
            upstream.close(promise: nil)
            context.close(promise: nil)
        case .afterCommit:
            relay.isCut = true
            upstream.writeAndFlush(buffer, promise: nil)
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        // With what was sent before, the server may still be at work: it notices the end when it is done.
        upstream.close(mode: .output, promise: nil)
    }
}

/// What the server sends, on its way to the client.
private final class Relay: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let client: any Channel
    private let faults: Faults
    /// Whether what the server says from now on is lost.
    var isCut = false

    init(to client: any Channel, faults: Faults) {
        self.client = client
        self.faults = faults
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isCut || faults.isSilent.load(ordering: .relaxed) { return }
        client.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        client.close(promise: nil)
    }
}
