import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTPTypes

/// Answers the requests that bring no body, which are the many reads, from within the pipeline: for these, the stream of
/// parts through which Hummingbird takes requests and gives answers would cost more than the answers themselves. It gets
/// all others, and no word of these.
///
/// One request of a connection is answered at a time, and none before the client has taken most of the answers to those
/// before it: whoever asks for much and takes nothing gets no more than the buffers hold. What comes meanwhile waits, and
/// so does reading.
final class BodylessRequestHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private enum State {
        /// Hummingbird's requests, if any, are all that is under way.
        case passing
        /// The head of a request came, and nothing else can come but its end.
        case reading(HTTPRequest)
        case answering
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
    /// The head of an answer whose body has a length, and what came of that: it is sent as a whole.
    private var whole: (head: HTTPResponse, body: ByteBuffer)?
    private var state = State.passing
    /// Of the requests that Hummingbird got, those whose answers have not ended.
    private var passedOn = 0
    /// What came and cannot be dealt with yet.
    private var waiting = CircularBuffer<Event>()
    private var isTakingWhatWaits = false
    private var isReadWaiting = false
    /// Of an answer that is written part by part.
    private var unflushedBytes = 0

    /// More than this does not wait for the end of an answer to leave.
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
            preconditionFailure("direct answers need a guard in pipeline of them")
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    // MARK: What comes in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        come(.part(unwrapInboundIn(data)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        come(.error(error))
    }

    /// That the client or the server wants to end the connection must not end it before the answer.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        come(.user(event))
    }

    func read(context: ChannelHandlerContext) {
        isReadWaiting = true
        readOn()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        goOn()
        context.fireChannelWritabilityChanged()
    }

    private func come(_ event: Event) {
        if waiting.isEmpty, !hasToWait(event) { take(event) } else { waiting.append(event) }
    }

    private func hasToWait(_ event: Event) -> Bool {
        if case .answering = state { return true }
        guard case .part(.head) = event, let context else { return false }
        return !context.channel.isWritable
    }

    private func take(_ event: Event) {
        switch event {
        case .part(let part): take(part)
        case .error(let error): context?.fireErrorCaught(error)
        case .user(let event): context?.fireUserInboundEventTriggered(event)
        }
    }

    private func take(_ part: HTTPRequestPart) {
        switch part {
        case .head(let head) where passedOn == 0 && head.bringsNoBody:
            state = .reading(head)
        case .head:
            passedOn += 1
            context.fireChannelRead(wrapInboundOut(part))
        case .body:
            context.fireChannelRead(wrapInboundOut(part))
        case .end:
            if case .reading(let head) = state { answer(head) } else { context.fireChannelRead(wrapInboundOut(part)) }
        }
    }

    // MARK: What goes out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { passedOn -= 1 }
        context.write(data, promise: promise)
    }

    private func answer(_ head: HTTPRequest) {
        state = .answering
        let request = Request(head: head, body: Self.noBody)
        let (pipeline, peer) = (pipeline, peer)
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        Task.immediate(executorPreference: executor) {
            do {
                let response = try await pipeline.respond(to: request, from: peer)
                connection.value.begin(response.head)
                try await response.body.write(ResponseStreamWriter(connection: connection))
                connection.value.end()
            } catch {
                // Half an answer, or the client is gone.
                connection.value.context?.close(promise: nil)
            }
        }
    }

    private func begin(_ head: HTTPResponse) {
        if head.headerFields.contains(.contentLength) {
            whole = (head, ByteBuffer())
        } else {
            context?.write(wrapOutboundOut(.head(head)), promise: nil)
        }
    }

    /// - Returns: If the client has to take some of it first, when it did.
    fileprivate func write(_ bytes: ByteBuffer) throws -> EventLoopFuture<Void>? {
        guard let context else { throw ChannelError.ioOnClosedChannel }
        if let whole {
            // Taken as it is, not copied, if it is the whole body.
            if whole.body.readableBytes == 0 {
                self.whole?.body = bytes
            } else {
                self.whole?.body.writeImmutableBuffer(bytes)
            }
            return nil
        }
        unflushedBytes += bytes.readableBytes
        guard unflushedBytes > Self.maximumUnflushedBytes else {
            context.write(wrapOutboundOut(.body(bytes)), promise: nil)
            return nil
        }
        unflushedBytes = 0
        let promise = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.body(bytes)), promise: promise)
        return promise.futureResult
    }

    /// Ends the answer, and goes on with what waits.
    private func end() {
        if let whole {
            connectionGuard.send(whole.head, whole.body)
            self.whole = nil
        } else {
            unflushedBytes = 0
            context?.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        state = .passing
        goOn()
    }

    /// Deals with what waits, and reads on when it is done.
    private func goOn() {
        // An answer that needs nobody else ends before `take` returns.
        guard !isTakingWhatWaits else { return }
        isTakingWhatWaits = true
        let isAnythingWaiting = !waiting.isEmpty
        while context != nil, let event = waiting.first, !hasToWait(event) {
            waiting.removeFirst()
            take(event)
        }
        isTakingWhatWaits = false
        // Those who get parts look at them when all that was read has come.
        if isAnythingWaiting { context?.fireChannelReadComplete() }
        readOn()
    }

    private func readOn() {
        guard isReadWaiting, waiting.isEmpty, let context, context.channel.isWritable else { return }
        isReadWaiting = false
        context.read()
    }

    private static let noBody = RequestBody(buffer: ByteBuffer())
}

/// Writes the body of an answer on the connection's event loop.
private struct ResponseStreamWriter: ResponseBodyWriter {
    let connection: NIOLoopBound<BodylessRequestHandler>

    func write(_ buffer: ByteBuffer) async throws {
        try await connection.value.write(buffer)?.get()
    }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

extension HTTPRequest {
    /// Whether it is a read whose head is all there is, on a connection that stays.
    fileprivate var bringsNoBody: Bool {
        guard method == .get || method == .head else { return false }
        return !headerFields.contains(.contentLength) && !headerFields.contains(.transferEncoding)
            && !headerFields.contains(.connection) && !headerFields.contains(.expect)
    }
}
