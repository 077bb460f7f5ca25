import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTPTypes

/// Responds to requests without a body (most reads) from within the channel pipeline. For these, Hummingbird's async
/// stream of request and response parts would cost more than the response itself. Hummingbird gets only the other
/// requests.
///
/// Requests of a connection are handled one at a time, and only while the channel is writable: a client that sends
/// requests but reads no responses gets no more than the buffers hold. Events that arrive meanwhile are queued, and
/// reading pauses.
final class BodylessRequestHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private enum State {
        /// Idle, or Hummingbird handles all requests in progress.
        case forwarding
        /// The head of a request without a body was received: only its end can follow.
        case reading(HTTPRequest)
        case responding
    }

    private enum Event {
        case part(HTTPRequestPart)
        case error(any Error)
        case user(Any)
    }

    private let pipeline: RequestPipeline
    private var context: ChannelHandlerContext!
    private var executor: EventLoopExecutor!
    private var peer: SocketAddress?
    private var connectionGuard: ConnectionGuard!
    /// A response with a `Content-Length`, collected to be sent as a whole.
    private var collected: (head: HTTPResponse, body: ByteBuffer)?
    private var state = State.forwarding
    /// Requests that were passed to Hummingbird and whose responses have not ended.
    private var forwardedRequests = 0
    /// Whether Hummingbird has got anything, and who waits for that.
    private var hasForwarded = false
    private var forwarding: CheckedContinuation<Void, Never>?
    /// Received, but not yet processed.
    private var queued = CircularBuffer<Event>(initialCapacity: 1)
    private var isProcessingQueued = false
    private var isReadRequested = false
    /// Of a response that is written part by part.
    private var unflushedBytes = 0
    /// Whether the client sends no more.
    private var isInputClosed = false
    private var inputClosed: (@Sendable () -> Void)?
    /// Whether its parts are flushed one by one, because its client waits for them.
    private var isEventStream = false

    /// A response that is written part by part is flushed when more than this is pending.
    private static let maximumUnflushedBytes = 65_536

    init(_ pipeline: RequestPipeline) {
        self.pipeline = pipeline
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        executor = EventLoopExecutor(context.eventLoop)
        peer = context.remoteAddress
        do {
            connectionGuard = try context.pipeline.syncOperations.handler(type: ConnectionGuard.self)
        } catch {
            preconditionFailure("a BodylessRequestHandler needs a ConnectionGuard before it")
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        inputHasClosed()
        beginForwarding()
    }

    /// Waits until there is anything for Hummingbird, or the connection is closed. Must be called on the event loop.
    func awaitForwarding() async {
        guard !hasForwarded else { return }
        await withCheckedContinuation { forwarding = $0 }
    }

    private func beginForwarding() {
        hasForwarded = true
        forwarding?.resume()
        forwarding = nil
    }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        receive(.part(unwrapInboundIn(data)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        receive(.error(error))
    }

    /// Queued like requests: the end of input must not end the connection before the response.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { inputHasClosed() }
        receive(.user(event))
    }

    private func inputHasClosed() {
        isInputClosed = true
        inputClosed?()
        inputClosed = nil
    }

    /// - Parameter callback: Called once the client sends no more, instead of the one before.
    func onInputClosed(_ callback: @escaping @Sendable () -> Void) {
        if isInputClosed { callback() } else { inputClosed = callback }
    }

    func read(context: ChannelHandlerContext) {
        isReadRequested = true
        readIfRequested()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        processQueued()
        context.fireChannelWritabilityChanged()
    }

    private func receive(_ event: Event) {
        if queued.isEmpty, !mustWait(event) { process(event) } else { queued.append(event) }
    }

    private func mustWait(_ event: Event) -> Bool {
        if case .responding = state { return true }
        guard case .part(.head) = event, let context else { return false }
        return !context.channel.isWritable
    }

    private func process(_ event: Event) {
        switch event {
        case .part(let part): process(part)
        case .error(let error):
            beginForwarding()
            context?.fireErrorCaught(error)
        case .user(let event):
            beginForwarding()
            context?.fireUserInboundEventTriggered(event)
        }
    }

    private func process(_ part: HTTPRequestPart) {
        switch part {
        case .head(let head) where forwardedRequests == 0 && head.hasNoBody:
            state = .reading(head)
        case .head:
            beginForwarding()
            forwardedRequests += 1
            context.fireChannelRead(wrapInboundOut(part))
        case .body:
            context.fireChannelRead(wrapInboundOut(part))
        case .end:
            if case .reading(let head) = state { respond(head) } else { context.fireChannelRead(wrapInboundOut(part)) }
        }
    }

    // MARK: Outbound

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { forwardedRequests -= 1 }
        context.write(data, promise: promise)
    }

    private func respond(_ head: HTTPRequest) {
        state = .responding
        let request = Request(head: head, body: Self.noBody)
        let (pipeline, peer, channel) = (pipeline, peer, context.channel)
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        Task.immediate(executorPreference: executor) {
            do {
                let (response, principal) = try await pipeline.respond(to: request, from: peer, on: channel)
                connection.value.connectionGuard.meter.principal = principal
                connection.value.begin(response.head)
                if connection.value.isEventStream {
                    return BodylessRequestHandler.stream(response.body, on: connection)
                }
                try await response.body.write(ResponseStreamWriter(connection: connection))
                connection.value.end()
            } catch {
                connection.value.cut()
            }
        }
    }

    /// In a task of its own: one keeps the memory of its deepest call until it ends, and a stream may last for days.
    private static func stream(_ body: ResponseBody, on connection: NIOLoopBound<BodylessRequestHandler>) {
        Task.immediate(executorPreference: connection.value.executor) {
            do {
                try await body.write(ResponseStreamWriter(connection: connection))
                connection.value.end()
            } catch {
                connection.value.cut()
            }
        }
    }

    /// The response was cut short, or the client is gone.
    private func cut() {
        context?.close(promise: nil)
    }

    private func begin(_ head: HTTPResponse) {
        if head.headerFields.contains(.contentLength) {
            collected = (head, ByteBuffer())
        } else {
            isEventStream = head.headerFields[.contentType] == MediaType.eventStream.rawValue
            context?.write(wrapOutboundOut(.head(head)), promise: nil)
        }
    }

    /// - Returns: A future to wait for before writing more; `nil` if there is no need to wait.
    fileprivate func write(_ bytes: ByteBuffer) throws -> EventLoopFuture<Void>? {
        guard let context else { throw ChannelError.ioOnClosedChannel }
        if let collected {
            // Usually the whole body, which is then not copied.
            if collected.body.readableBytes == 0 {
                self.collected?.body = bytes
            } else {
                self.collected?.body.writeImmutableBuffer(bytes)
            }
            return nil
        }
        unflushedBytes += bytes.readableBytes
        guard isEventStream || unflushedBytes > Self.maximumUnflushedBytes else {
            context.write(wrapOutboundOut(.body(bytes)), promise: nil)
            return nil
        }
        unflushedBytes = 0
        let promise = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.body(bytes)), promise: promise)
        return promise.futureResult
    }

    /// Ends the response, and continues with queued events.
    private func end() {
        if let collected {
            connectionGuard.send(collected.head, collected.body)
            self.collected = nil
        } else {
            unflushedBytes = 0
            isEventStream = false
            context?.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        state = .forwarding
        processQueued()
    }

    /// Processes queued events, then resumes reading.
    private func processQueued() {
        // A response that needs no waiting ends before `process` returns.
        guard !isProcessingQueued else { return }
        isProcessingQueued = true
        let hadQueued = !queued.isEmpty
        while context != nil, let event = queued.first, !mustWait(event) {
            queued.removeFirst()
            process(event)
        }
        isProcessingQueued = false
        // Handlers that received parts process them on read complete.
        if hadQueued { context?.fireChannelReadComplete() }
        readIfRequested()
    }

    private func readIfRequested() {
        guard isReadRequested, queued.isEmpty, let context, context.channel.isWritable else { return }
        isReadRequested = false
        context.read()
    }

    private static let noBody = RequestBody(buffer: ByteBuffer())
}

/// Writes the body of a response on the connection's event loop.
private struct ResponseStreamWriter: ResponseBodyWriter {
    let connection: NIOLoopBound<BodylessRequestHandler>

    func write(_ buffer: ByteBuffer) async throws {
        try await connection.value.write(buffer)?.get()
    }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

extension HTTPRequest {
    /// Whether it is a read without a body, on a connection that stays open.
    fileprivate var hasNoBody: Bool {
        guard method == .get || method == .head else { return false }
        return !headerFields.contains(.contentLength) && !headerFields.contains(.transferEncoding)
            && !headerFields.contains(.connection) && !headerFields.contains(.expect)
    }
}
