import NIOCore
import NIOHTTP1

/// NIO's request decoder, replaced by a new one after each request that asks for an upgrade: after such a request it
/// stops, for another protocol to take over (https://github.com/apple/swift-nio/pull/2570), which never happens here.
final class RequestDecoder: ByteToMessageDecoder {
    typealias InboundOut = HTTPServerRequestPart

    private let limits: NIOHTTPDecoderLimitConfiguration
    private var decoder: HTTPRequestDecoder
    /// The request that has just ended asks for an upgrade.
    private var isStopped = false
    /// The body that is being read.
    private var body: Body?

    private struct Body {
        var contentBytes = 0
        /// The headers of chunks.
        var framingBytes = 0
        /// Unless it began with the bytes that are being decoded, which have a head as well.
        var isCounted = false
    }

    init(_ limits: HTTPLimits) {
        self.limits = NIOHTTPDecoderLimitConfiguration(limits)
        decoder = HTTPRequestDecoder(limitConfiguration: self.limits)
    }

    func decoderAdded(context: ChannelHandlerContext) {
        decoder.decoderAdded(context: context)
    }

    func decoderRemoved(context: ChannelHandlerContext) {
        decoder.decoderRemoved(context: context)
    }

    func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        body?.isCounted = true
        let (bytes, content) = (buffer.readableBytes, body?.contentBytes ?? 0)
        let state = try decoder.decode(context: context, buffer: &buffer)
        if var body, body.isCounted {
            body.framingBytes += bytes - buffer.readableBytes - (body.contentBytes - content)
            // A chunk of one byte needs a few. Extensions mean nothing here (RFC 9112, section 7.1.1).
            guard body.framingBytes <= 4_096 + 8 * body.contentBytes else { throw MalformedRequest.chunks }
            self.body = body
        }
        guard isStopped else { return state }
        isStopped = false
        decoder.decoderRemoved(context: context)
        decoder = HTTPRequestDecoder(limitConfiguration: limits)
        decoder.decoderAdded(context: context)
        return buffer.readableBytes > 0 ? .continue : .needMoreData
    }

    func decodeLast(
        context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
    ) throws -> DecodingState {
        while buffer.readableBytes > 0, case .continue = try decode(context: context, buffer: &buffer) {}
        return try decoder.decodeLast(context: context, buffer: &buffer, seenEOF: seenEOF)
    }
}

// What ``RequestPersistence`` sees of the decoded requests.
extension RequestDecoder {
    func bodyBegan() {
        body = Body()
    }

    func bodyReceived(_ bytes: Int) {
        body?.contentBytes += bytes
    }

    func bodyEnded(isUpgrade: Bool) {
        body = nil
        isStopped = isUpgrade
    }
}

extension NIOHTTPDecoderLimitConfiguration {
    fileprivate init(_ limits: HTTPLimits) {
        self.init()
        maxHeaderFieldSize = limits.headerBytes
        maxHeaderListSize = limits.headerBytes
        maxHeaderFieldCount = limits.headerFields
    }
}
