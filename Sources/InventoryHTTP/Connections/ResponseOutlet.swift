import HTTPTypes
import NIOCore

/// Sends whole responses, bypassing the handlers that encode a response part by part: it sits between these and TLS.
final class ResponseOutlet: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        context.write(data, promise: promise)
    }

    func send(_ head: ByteBuffer, _ body: ByteBuffer) {
        guard let context else { return }
        context.write(wrapOutboundOut(head), promise: nil)
        if body.readableBytes > 0 { context.write(wrapOutboundOut(body), promise: nil) }
        context.flush()
    }
}

extension ByteBuffer {
    /// Encodes a response's head for HTTP/1.1 (RFC 9112, sections 4 and 5).
    init(_ head: HTTPResponse) {
        self = ByteBufferAllocator().buffer(capacity: 1_024)
        writeStaticString("HTTP/1.1 ")
        writeString(String(head.status.code))
        writeStaticString(" ")
        writeString(head.status.reasonPhrase)
        // The length of a body that is not sent (RFC 9110, section 8.6).
        let hasLength = head.status != .notModified && head.status != .noContent
        for field in head.headerFields where hasLength || field.name != .contentLength {
            writeStaticString("\r\n")
            writeString(field.name.rawName)
            writeStaticString(": ")
            field.withUnsafeBytesOfValue { _ = writeBytes($0) }
        }
        writeStaticString("\r\n\r\n")
    }
}
