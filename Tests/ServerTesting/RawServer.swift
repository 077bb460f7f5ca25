public import NIOCore
import NIOPosix
public import NIOSSL
import Synchronization

/// A server that answers the first bytes of a connection as a test says, byte by byte if need be.
public final class RawServer: Sendable {
    fileprivate final class Log: Sendable {
        let requests = Atomic(0)
        let open = Atomic(0)
    }

    private let log = Log()
    public let port: Int

    /// Connections on which anything came.
    public var requests: Int { log.requests.load(ordering: .relaxed) }
    /// Connections that are open.
    public var open: Int { log.open.load(ordering: .relaxed) }

    private init(port: Int) { self.port = port }

    /// - Parameter answer: Is called once for each connection, on its event loop.
    public static func with(
        tls: NIOSSLContext? = nil, _ answer: @escaping @Sendable (any Channel) -> Void,
        _ body: (RawServer) async throws -> Void
    ) async throws {
        let server = Mutex<RawServer?>(nil)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    if let tls { try child.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    guard let log = server.withLock({ $0?.log }) else { throw ChannelError.alreadyClosed }
                    try child.pipeline.syncOperations.addHandler(Handler(log, answer))
                }
            }
            .serverChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: 0).get()
        let made = RawServer(port: channel.localAddress?.port ?? 0)
        server.withLock { $0 = made }
        try await channel.setOption(.autoRead, value: true).get()
        do {
            try await body(made)
            try await channel.close()
        } catch {
            try await channel.close()
            throw error
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let log: Log
        private let answer: @Sendable (any Channel) -> Void
        private var isAnswered = false

        init(_ log: Log, _ answer: @escaping @Sendable (any Channel) -> Void) {
            self.log = log
            self.answer = answer
        }

        func channelActive(context: ChannelHandlerContext) {
            log.open.add(1, ordering: .relaxed)
            context.fireChannelActive()
        }

        func channelInactive(context: ChannelHandlerContext) {
            log.open.subtract(1, ordering: .relaxed)
            context.fireChannelInactive()
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard !isAnswered else { return }
            isAnswered = true
            log.requests.add(1, ordering: .relaxed)
            answer(context.channel)
        }

        /// Clients that end TLS, or a connection, are expected.
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

extension Channel {
    /// Writes some text again and again, until the other side ends it.
    public func repeatedly(_ text: String, every pause: TimeAmount = .milliseconds(5)) {
        writeAndFlush(ByteBuffer(string: text)).whenSuccess { [self] in
            eventLoop.scheduleTask(in: pause) { self.repeatedly(text, every: pause) }
        }
    }
}
