import NIOCore
import NIOHTTP1

/// Decides for each request whether the connection persists after it (RFC 9112, section 9.3): the handlers that follow
/// see `Connection: close` in the head of the last request, and no `Connection` field in others.
///
/// Requests to upgrade are ignored, which is allowed (RFC 9110, section 7.8).
final class RequestPersistence: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let decoder: RequestDecoder
    /// Whether the decoder stops after the request that is being read.
    private var isUpgrade = false
    /// Of the last request.
    private var isHTTP10 = false

    init(_ decoder: RequestDecoder) {
        self.decoder = decoder
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            context.fireChannelRead(wrapInboundOut(.head(read(head))))
        case .body:
            context.fireChannelRead(data)
        case .end:
            decoder.isStopped = isUpgrade
            context.fireChannelRead(data)
        }
    }

    /// - Returns: The head for the handlers that follow.
    private func read(_ head: HTTPRequestHead) -> HTTPRequestHead {
        isUpgrade = head.method == .CONNECT
        isHTTP10 = head.version.minor == 0
        // What follows a CONNECT is not HTTP.
        let isPersistent = !isHTTP10 && !isUpgrade
        if isPersistent, !head.headers.contains(name: "Connection") { return head }
        let fields = head.headers["Connection"]
        let options = fields.flatMap { $0.split(separator: ",") }.map { $0.trimmed.lowercased() }
        isUpgrade = isUpgrade || options.contains("upgrade") && head.headers.contains(name: "Upgrade")
        // The decoder must also treat it as an upgrade. Where that is not certain, nothing more is read.
        let isPrintable = fields.allSatisfy { $0.utf8.allSatisfy { (0x20...0x7E).contains($0) } }
        let namesProtocol = head.headers["Upgrade"].contains { protocols in protocols.utf8.contains { $0 > 0x20 } }
        let isUnsure = isUpgrade && !(isPrintable && namesProtocol)
        var head = head
        head.headers.remove(name: "Connection")
        if !isPersistent || options.contains("close") || isUnsure {
            head.headers.add(name: "Connection", value: "close")
        }
        // RFC 9110, section 10.1.1.
        if isHTTP10 { head.headers.remove(name: "Expect") }
        return head
    }

    /// HTTP/1.0 has no chunked encoding: there, a response without a length ends with the connection.
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard isHTTP10, case .head(var head) = unwrapOutboundIn(data), head.headers.contains(name: "Connection") else {
            return context.write(data, promise: promise)
        }
        head.version = .http1_0
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }
}
