internal import NIOCore

/// Reads a connection's replies and hands them to the ``Link`` that adopted it.
final class ReplyHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let parser: ReplyParser
    private weak var link: Link?
    private var isDetached = false
    private var failure: RedisError?

    init(maximumReplyBytes: Int) {
        parser = ReplyParser(maximumReplyBytes: maximumReplyBytes)
    }

    /// From now on the link receives events.
    func report(to link: Link) {
        self.link = link
        if let failure { link.lost(failure) }
    }

    /// The link has dropped the connection: further data is ignored.
    func detach() {
        isDetached = true
        link = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard failure == nil, !isDetached else { return }
        parser.append(unwrapInboundIn(data))
        do {
            while !isDetached, let value = try parser.next() { link?.received(value) }
        } catch {
            end(error, context: context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        link?.receivedAll()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { link?.send() }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(RedisError(.connection, "the connection to Redis failed: \(error)"), context: context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(RedisError(.connection, "Redis closed the connection"), context: context)
        context.fireChannelInactive()
    }

    private func end(_ error: RedisError, context: ChannelHandlerContext) {
        guard failure == nil else { return }
        failure = error
        link?.lost(error)
        context.close(promise: nil)
    }
}
