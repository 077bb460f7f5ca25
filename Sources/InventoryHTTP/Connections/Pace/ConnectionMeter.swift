import NIOCore

/// The handler next to the socket: counts the bytes that pass, and ends a connection that is too slow, or whose unsent
/// responses take more memory than there is for them.
final class ConnectionMeter: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// Updated by the handlers that know what the bytes mean.
    var pace: ConnectionPace
    /// The meter's index in its watch.
    var index = 0

    /// The one who gets the current response.
    var principal = ""

    let watch: ConnectionWatch
    private let memory: MemoryBudget
    /// For what the client has not taken yet.
    private var unsent: MemoryHold?
    private var context: ChannelHandlerContext?
    private var isReading = false

    init(_ pace: ConnectionPace, _ watch: ConnectionWatch, _ memory: MemoryBudget) {
        self.pace = pace
        self.watch = watch
        self.memory = memory
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        watch.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        unsent = nil
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

    func flush(context: ChannelHandlerContext) {
        context.flush()
        // What a channel buffers while it is writable, up to 64 KB, is counted by the periodic check.
        if !context.channel.isWritable { count(unsentBytes, context) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if unsent != nil, context.channel.isWritable { count(unsentBytes, context) }
        context.fireChannelWritabilityChanged()
    }

    /// Counts what the client has not taken yet.
    private func count(_ bytes: Int, _ context: ChannelHandlerContext) {
        guard bytes > 0 else {
            unsent = nil
            return
        }
        let hold = unsent ?? MemoryHold(memory, for: principal)
        unsent = hold
        guard !hold.resize(to: bytes) else { return }
        watch.observer.observe(.connectionCut(.memory))
        reset(context)
    }

    /// Called by the watch.
    /// - Parameter isDraining: Whether the server shuts down: a connection that opened meanwhile has not been told.
    /// - Returns: Whether the connection was too slow.
    func check(_ now: NIODeadline, isDraining: Bool) -> Bool {
        guard let context else { return false }
        if isDraining { quiesce() }
        var bytes: Int?
        let verdict = pace.check(now: now, isReading: isReading, isDraining: isDraining) {
            let unsent = unsentBytes
            bytes = unsent
            return unsent
        }
        if let bytes { count(bytes, context) }
        guard let verdict else { return false }
        watch.observer.observe(.connectionCut(ConnectionCut(verdict)))
        switch verdict {
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

    /// Tells the handlers that the server shuts down.
    func quiesce() {
        context?.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }

    /// Closes the connection at once.
    /// - Returns: Whether a response was missing, or part of one.
    func cutOff() -> Bool {
        guard let context else { return false }
        let isUnanswered = pace.unanswered > 0 || unsentBytes > 0
        watch.observer.observe(.connectionCut(.shutdown))
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

extension ConnectionCut {
    fileprivate init(_ verdict: ConnectionPace.Verdict) {
        self =
            switch verdict {
            case .close: .idle
            case .disconnect: .unresponsive
            case .reset: .slowReader
            case .refuseHead: .slowHead
            case .refuseBody: .slowBody
            }
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
