import NIOCore

/// The handler next to the socket: counts the bytes that pass, and ends a connection that is too slow.
final class ConnectionMeter: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// Updated by the handlers that know what the bytes mean.
    var pace: ConnectionPace
    /// The meter's index in its watch.
    var index = 0

    private let watch: ConnectionWatch
    private var context: ChannelHandlerContext?
    private var isReading = false

    init(_ pace: ConnectionPace, _ watch: ConnectionWatch) {
        self.pace = pace
        self.watch = watch
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        watch.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        watch.remove(self)
    }

    func read(context: ChannelHandlerContext) {
        isReading = true
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        pace.bytesReceived()
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        context.fireChannelReadComplete()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        pace.bytesWritten(unwrapOutboundIn(data).readableBytes)
        context.write(data, promise: promise)
    }

    /// Called by the watch.
    /// - Parameter isDraining: Whether the server shuts down: a connection that opened meanwhile has not been told.
    /// - Returns: Whether the connection was too slow.
    func check(_ now: NIODeadline, isDraining: Bool) -> Bool {
        guard let context else { return false }
        if isDraining { context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
        let verdict = pace.check(now: now, isReading: isReading) { unsentBytes }
        switch verdict {
        case nil:
            return false
        case .close:
            pace.writingEnded()
            context.channel.close(promise: nil)
        case .disconnect:
            context.close(promise: nil)
        case .reset:
            reset(context)
        case .refuseHead:
            pace.readingEnded()
            context.fireUserInboundEventTriggered(SlowRequest.head)
        case .refuseBody:
            pace.readingEnded()
            context.fireUserInboundEventTriggered(SlowRequest.body)
        }
        return true
    }

    /// Closes the connection at once.
    /// - Returns: Whether a response was missing, or part of one.
    func cutOff() -> Bool {
        guard let context else { return false }
        let isUnanswered = pace.unanswered > 0 || unsentBytes > 0
        reset(context)
        return isUnanswered
    }

    /// Written, but not taken by the client yet.
    var unsentBytes: Int {
        // Every channel over a socket has the option.
        (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    /// Otherwise the kernel would keep what the client does not read, for minutes.
    private func reset(_ context: ChannelHandlerContext) {
        let socket = context.channel as? any SocketOptionProvider
        _ = socket?.unsafeSetSocketOption(level: .socket, name: .so_linger, value: Linger())
        context.close(promise: nil)
    }
}

/// C's `struct linger`: on close, discard unsent data and reset the connection.
private struct Linger {
    let isOn: CInt = 1
    let seconds: CInt = 0
}

/// The part of a request that did not arrive in time, while a response is still possible.
enum SlowRequest: Error {
    case head, body
}
