import Basics
import NIOCore
import NIOHTTP1

/// Decides for each request whether the connection persists after it (RFC 9112, section 9.3): the handlers that follow
/// see `Connection: close` in the head of the last request, and no `Connection` field in others. Refuses requests whose
/// host or length others might understand differently.
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
    /// Nothing more is read.
    private var isRefused = false
    /// Of the last request.
    private var isHTTP10 = false

    init(_ decoder: RequestDecoder) {
        self.decoder = decoder
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            do throws(MalformedRequest) {
                context.fireChannelRead(wrapInboundOut(.head(try read(head))))
                decoder.bodyBegan()
            } catch {
                isRefused = true
                context.fireErrorCaught(error)
            }
        case .body(let bytes):
            decoder.bodyReceived(bytes.readableBytes)
            context.fireChannelRead(data)
        case .end:
            decoder.bodyEnded(isUpgrade: isUpgrade)
            context.fireChannelRead(data)
        }
    }

    /// - Returns: The head for the handlers that follow.
    private func read(_ head: HTTPRequestHead) throws(MalformedRequest) -> HTTPRequestHead {
        let fields = ConnectionFields(head.headers)
        isUpgrade = head.method == .CONNECT
        isHTTP10 = head.version.minor == 0
        // RFC 9112, section 3.2.
        guard fields.hosts == 1 || isHTTP10 && fields.hosts == 0, fields.hasValidHost else { throw .host }
        // RFC 9112, sections 6.1 and 7.
        guard fields.encodings.isEmpty || !isHTTP10 && fields.encodings.allSatisfy({ $0.utf8.spells("chunked") }) else {
            throw .transferEncoding
        }
        // What follows a CONNECT is not HTTP.
        let isPersistent = !isHTTP10 && !isUpgrade
        if isPersistent, fields.connection.isEmpty { return head }
        let options = fields.connection.flatMap { $0.listMembers() }
        isUpgrade =
            isUpgrade || options.contains { $0.utf8.spells("upgrade") } && head.headers.contains(name: "Upgrade")
        // The decoder must also treat it as an upgrade. Where that is not certain, nothing more is read.
        let isPrintable = fields.connection.allSatisfy { $0.utf8.allSatisfy { (0x20...0x7E).contains($0) } }
        let namesProtocol = head.headers["Upgrade"].contains { protocols in protocols.utf8.contains { $0 > 0x20 } }
        let isUnsure = isUpgrade && !(isPrintable && namesProtocol)
        var head = head
        head.headers.remove(name: "Connection")
        if !isPersistent || options.contains(where: { $0.utf8.spells("close") }) || isUnsure {
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

/// The fields that decide where a request ends, and whether the connection does.
private struct ConnectionFields {
    var hosts = 0
    var hasValidHost = true
    /// Also of `Proxy-Connection`, which the decoder treats alike.
    var connection: [String] = []
    var encodings: [String] = []

    init(_ headers: HTTPHeaders) {
        for (name, value) in headers {
            switch name.utf8.count {
            case 4 where name.utf8.spells("host"):
                hosts += 1
                hasValidHost = value.isHost
            case 10 where name.utf8.spells("connection"), 16 where name.utf8.spells("proxy-connection"):
                connection.append(value)
            case 17 where name.utf8.spells("transfer-encoding"): encodings.append(value)
            default: break
            }
        }
    }
}

extension String {
    /// Whether it has only characters of one host and port. RFC 3986 allows more in names, such as commas, which no name in
    /// the DNS has, and which others may take for a list.
    fileprivate var isHost: Bool {
        utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                // With the colon of a port.
                UInt8(ascii: "0")...UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "%"), UInt8(ascii: "["), UInt8(ascii: "]"):
                true
            default: false
            }
        }
    }
}

/// A request that is refused for its framing.
enum MalformedRequest: String, Error {
    case host = "A request of HTTP/1.1 has exactly one Host field, with one host."
    case transferEncoding = "Transfer-Encoding has to be chunked, and needs HTTP/1.1."
    case chunks = "The headers of the body's chunks are too long."
}
