internal import Logging
internal import NIOCore
internal import Synchronization

/// Executes what a ``Session`` decides on a channel of NIO. Confined to its event loop.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let opened = Waiter<Result<Void, AMQPError>>()
    private let status: ConnectionStatus
    private let logger: Logger
    private var session: Session
    private var context: ChannelHandlerContext?
    private var heartbeats: Scheduled<Void>?
    private var isFlushScheduled = false
    private var isEnded = false

    init(_ configuration: AMQPConfiguration, _ status: ConnectionStatus, logger: Logger) {
        session = Session(configuration)
        self.status = status
        self.logger = logger
    }

    // MARK: Calls

    func perform(_ change: (inout Session) -> Void) {
        change(&session)
        scheduleFlush()
    }

    /// All calls of one turn of the loop share a write.
    func scheduleFlush() {
        guard !isFlushScheduled, let context else { return }
        isFlushScheduled = true
        context.eventLoop.assumeIsolated().execute {
            self.isFlushScheduled = false
            self.flush()
        }
    }

    func close() {
        attempt { (session) throws(AMQPError) in try session.close() }
        flush()
    }

    /// Once: fails everything that waits, and closes the socket.
    func end(_ error: AMQPError) {
        guard !isEnded else { return }
        isEnded = true
        heartbeats?.cancel()
        // The last frame.
        if let context, let bytes = session.takeOutgoing() {
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        }
        status.end(error)
        session.end(error)
        opened.finish(.failure(error))
        context?.close(promise: nil)
    }

    private func attempt(_ change: (inout Session) throws(AMQPError) -> Void) {
        do throws(AMQPError) {
            try change(&session)
        } catch {
            end(error)
        }
    }

    private func flush() {
        while let context, !isEnded, context.channel.isActive, context.channel.isWritable {
            session.fill()
            guard let bytes = session.takeOutgoing() else { return }
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        }
    }

    // MARK: Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        flush()
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isEnded else { return }
        attempt { (session) throws(AMQPError) in try session.receive(unwrapInboundIn(data)) }
        if session.isOpen, !opened.isFinished { start(context) }
        if status.setBlocked(session.blockedReason) {
            logger.warning(
                "RabbitMQ \(session.blockedReason == nil ? "takes messages again" : "takes no messages")",
                metadata: ["reason": "\(session.blockedReason ?? "")"])
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        flush()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        flush()
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(AMQPError(.connection, "the connection to RabbitMQ failed: \(error)"))
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(AMQPError(.connection, "RabbitMQ closed the connection"))
        context.fireChannelInactive()
    }

    private func start(_ context: ChannelHandlerContext) {
        opened.finish(.success(()))
        watch(context.eventLoop, each: .milliseconds(500 * Int64(session.tuning.heartbeat)))
    }

    private func watch(_ eventLoop: any EventLoop, each interval: TimeAmount) {
        heartbeats = eventLoop.assumeIsolated().scheduleTask(in: interval) {
            self.attempt { (session) throws(AMQPError) in try session.tick() }
            self.flush()
            if !self.isEnded { self.watch(eventLoop, each: interval) }
        }
    }
}

/// What other threads may know of a connection.
final class ConnectionStatus: Sendable {
    private let state = Mutex((blockedReason: String?.none, error: AMQPError?.none))

    var blockedReason: String? { state.withLock { $0.blockedReason } }
    /// Why the connection has ended; nil while it is open.
    var error: AMQPError? { state.withLock { $0.error } }

    /// - Returns: Whether it changed.
    func setBlocked(_ reason: String?) -> Bool {
        state.withLock { state in
            defer { state.blockedReason = reason }
            return state.blockedReason != reason
        }
    }

    func end(_ error: AMQPError) {
        state.withLock { state in
            state = (nil, state.error ?? error)
        }
    }
}
