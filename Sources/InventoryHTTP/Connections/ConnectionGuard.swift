import Basics
import HTTPTypes
import HummingbirdCore
import InventoryContract
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOTLS

/// What Hummingbird leaves open about a connection: responds with a problem to input that is not HTTP, too long or too
/// slow; stops reading a long body after the response; closes the connection after `Connection: close`, the client's
/// last request, the maximum number of requests or the last one before a shutdown; and adds the security headers to every
/// response.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: HTTPLimits
    /// Added to every response.
    private let securityHeaders: [HTTPField]
    private var context: ChannelHandlerContext?
    private(set) var meter: ConnectionMeter!
    private var outlet: ResponseOutlet!
    private var requests = 0
    private var responses = 0
    /// The connection closes after this many.
    private var maximumRequests: Int
    private var isReadingRequest = false
    /// Of the request that is being read.
    private var bytesRead = 0
    private var isLastResponse = false
    /// What is wrong with what follows the requests in progress: sent after their responses.
    private var refusal: Problem?
    /// Nothing more is read.
    private var isInputEnded = false
    /// The last response has been written; succeeds when it is sent, and the output closed.
    private var outputClosing: EventLoopFuture<Void>?
    private var isClosing: Bool { outputClosing != nil }

    init(limits: HTTPLimits, securityHeaders: [HTTPField]) {
        self.limits = limits
        self.securityHeaders = securityHeaders
        maximumRequests = limits.connections.requests
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        do {
            meter = try context.pipeline.syncOperations.handler(type: ConnectionMeter.self)
            outlet = try context.pipeline.syncOperations.handler(type: ResponseOutlet.self)
        } catch {
            preconditionFailure("a ConnectionGuard needs a ConnectionMeter and a ResponseOutlet before it")
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isInputEnded else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            if head.headerFields.text(of: .expect)?.utf8.spells("100-continue") == true,
                meter.pace.unanswered == 0
            {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
            meter.pace.headEnded()
            requests += 1
            // See `RequestPersistence`.
            if head.headerFields.contains(.connection) { maximumRequests = requests }
            isReadingRequest = true
            bytesRead = 0
        case .body(let bytes):
            bytesRead += bytes.readableBytes
            meter.pace.bodyReceived(bytes.readableBytes)
            // The response was sent without reading the body, and the rest is too long to be worth reading.
            if bytesRead > limits.bodyBytes, meter.pace.unanswered == 0 { return close(context) }
        case .end:
            meter.pace.requestEnded()
            isReadingRequest = false
            if requests == maximumRequests { endInput() }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isClosing else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head):
            begin(&head)
            // Hummingbird's own responses lack them.
            if !head.headerFields.contains(.xContentTypeOptions) {
                head.headerFields.append(contentsOf: securityHeaders)
            }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            context.write(data, promise: promise)
            end(context)
        }
    }

    /// Sends a response as a whole.
    func send(_ head: HTTPResponse, _ body: ByteBuffer) {
        guard !isClosing, let context else { return }
        var head = head
        begin(&head)
        outlet.send(ByteBuffer(head), body)
        end(context)
    }

    private func begin(_ head: inout HTTPResponse) {
        meter.pace.responseBegan()
        responses += 1
        if responses == maximumRequests { head.headerFields[.connection] = "close" }
        isLastResponse = head.headerFields.text(of: .connection) == "close"
    }

    private func end(_ context: ChannelHandlerContext) {
        meter.pace.responseEnded()
        if isLastResponse {
            close(context)
        } else if let refusal, meter.pace.unanswered == 0 {
            refuse(refusal, context)
        }
    }

    /// Hummingbird closes the output after the last response, and everything when the client sends no more, also if it
    /// has not received the last response yet.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // TLS still receives until the other side has closed.
        isInputEnded = true
        switch mode {
        case .output:
            if !isClosing { close(context) }
            promise?.succeed()
        case .all where meter.unsentBytes > 0:
            if !isClosing { close(context) }
            outputClosing?.assumeIsolated().whenComplete { _ in context.close(promise: promise) }
        default:
            context.close(mode: mode, promise: promise)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What follows the last request need not be HTTP.
        if isInputEnded { return }
        let problem: Problem
        switch error {
        case HTTPParserError.headerOverflow:
            problem = Problem(
                .headersTooLarge, "The request's target and header fields are longer than is allowed.")
        case is HTTPParserError: problem = Problem(.badRequest, "This is not HTTP/1.1.")
        case let error as MalformedRequest: problem = Problem(.badRequest, error.rawValue)
        default: return context.fireErrorCaught(error)
        }
        meter.watch.observer.observe(.connectionCut(.malformed))
        switch (isReadingRequest, isAnswered: meter.pace.unanswered == 0) {
        case (false, true): refuse(problem, context)
        case (true, true): close(context)
        case (false, false):
            refusal = problem
            endInput()
        case (true, false):
            endInput()
            endResponses()
            // Whatever reads the body gets the error. Hummingbird knows only NIO's.
            context.fireErrorCaught(error is HTTPParserError ? error : HTTPParserError.unknown)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case SlowRequest.head:
            refuse(Problem(.requestTimeout, "The request's head took longer than is allowed."), context)
        case SlowRequest.body:
            // Whatever reads the body gets the error, and responds.
            endInput()
            context.fireErrorCaught(SlowRequest.body)
        case TLSUserEvent.handshakeCompleted:
            meter.pace.handshakeEnded()
        case is ChannelShouldQuiesceEvent:
            quiesce(context)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    private func refuse(_ problem: Problem, _ context: ChannelHandlerContext) {
        let requestID = RequestID.takenOver(from: nil)
        var head = problem.response(to: requestID).head
        head.headerFields[.connection] = "close"
        head.headerFields[.requestID] = requestID
        head.headerFields.append(contentsOf: securityHeaders)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(problem.body(requestID))), promise: nil)
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
        close(context)
    }

    /// The server shuts down: the requests that were received are the last ones; without any, the next one is, if it
    /// comes before the meter closes the connection. May be called again.
    private func quiesce(_ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        if meter.pace.unanswered > 0 {
            endResponses()
            if !isReadingRequest { endInput() }
        } else if isReadingRequest || meter.unsentBytes > 0 {
            close(context)
        } else {
            maximumRequests = min(maximumRequests, requests + 1)
        }
    }

    /// The request that was received last gets the last response, whose head may have been sent.
    private func endResponses() {
        maximumRequests = requests
        if responses == requests { isLastResponse = true }
    }

    private func endInput() {
        isInputEnded = true
        meter.pace.readingEnded()
    }

    private func close(_ context: ChannelHandlerContext) {
        isInputEnded = true
        meter.pace.writingEnded()
        let closed = context.eventLoop.makePromise(of: Void.self)
        outputClosing = closed.futureResult
        context.flush()
        context.close(mode: .output, promise: closed)
    }
}
