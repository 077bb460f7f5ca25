import NIOCore
import NIOHTTP1

/// NIO's request decoder, replaced by a new one after each request that asks for an upgrade: after such a request it
/// stops, for another protocol to take over (https://github.com/apple/swift-nio/pull/2570), which never happens here.
final class RequestDecoder: ByteToMessageDecoder {
    typealias InboundOut = HTTPServerRequestPart

    private let limits: NIOHTTPDecoderLimitConfiguration
    private var decoder: HTTPRequestDecoder
    /// The request that has just ended asks for an upgrade. Set by ``RequestPersistence``, which sees its head.
    var isStopped = false

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
        let state = try decoder.decode(context: context, buffer: &buffer)
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

extension NIOHTTPDecoderLimitConfiguration {
    fileprivate init(_ limits: HTTPLimits) {
        self.init()
        maxHeaderFieldSize = limits.headerBytes
        maxHeaderListSize = limits.headerBytes
        maxHeaderFieldCount = limits.headerFields
    }
}
