import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// What Hummingbird leaves open about a connection: it answers what is not HTTP or too long with a problem, does not
/// read on and on after an answer, and ends the connection after an answer that says so.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// How long a client may take to hang up, after the last answer: closing while it still sends would reset the
    /// connection, and the answer might be lost (RFC 9112, section 9.6).
    private static let linger = TimeAmount.seconds(2)

    private let bodyBytes: Int
    /// Requests whose answers have not been written.
    private var unanswered = 0
    /// Of the request that is being read.
    private var bytesRead = 0
    private var isLastAnswer = false
    private var isClosing = false

    init(bodyBytes: Int) {
        self.bodyBytes = bodyBytes
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            if head.headerFields[.expect]?.lowercased() == "100-continue", unanswered == 0 {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
            unanswered += 1
            bytesRead = 0
        case .body(let bytes):
            bytesRead += bytes.readableBytes
            // It was answered without its body being read, and what follows is more than anyone would read.
            if bytesRead > bodyBytes, unanswered == 0 { return close(context) }
        case .end:
            break
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        context.write(data, promise: promise)
        switch unwrapOutboundIn(data) {
        case .head(let head):
            isLastAnswer = head.headerFields[.connection] == "close"
        case .body:
            break
        case .end:
            unanswered -= 1
            if isLastAnswer { close(context) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // While a request is being answered, its reader finds the error in the body.
        guard let error = error as? HTTPParserError, unanswered == 0, !isClosing else {
            return context.fireErrorCaught(error)
        }
        let problem =
            error == .headerOverflow
            ? Problem(.headersTooLarge, "The request's target and header fields are longer than is allowed.")
            : Problem(.badRequest, "This is not HTTP/1.1.")
        answer(problem, context)
        close(context)
    }

    private func answer(_ problem: Problem, _ context: ChannelHandlerContext) {
        let requestID = RequestID.takenOver(from: nil)
        var head = problem.response(to: requestID)
        head.headers[.connection] = "close"
        head.headers[.requestID] = requestID
        context.write(wrapOutboundOut(.head(head.head)), promise: nil)
        context.write(wrapOutboundOut(.body(problem.body(requestID))), promise: nil)
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
    }

    private func close(_ context: ChannelHandlerContext) {
        isClosing = true
        context.flush()
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: Self.linger) { channel.close(promise: nil) }
    }
}
