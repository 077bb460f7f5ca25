import NIOCore
import NIOEmbedded
import Testing

@testable import Redis

@Suite("link on a channel")
struct LinkTests {
    /// A link whose connection is this channel, after the handshake.
    private func connected(_ adjust: (inout RedisConfiguration) -> Void = { _ in }) throws -> (Link, EmbeddedChannel) {
        var configuration = try RedisConfiguration(url: "redis://h")
        adjust(&configuration)
        let handler = ReplyHandler(maximumReplyBytes: configuration.maximumReplyBytes)
        let channel = EmbeddedChannel(handler: handler)
        _ = try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let link = Link(
            configuration, to: .master(.host("h", port: 6379), inCluster: false), tls: nil,
            eventLoop: channel.eventLoop, logger: TestClient.logger, onEvent: { _ in })
        link.opened(channel, handler)
        #expect(
            try channel.readOutbound(as: ByteBuffer.self) == ByteBuffer(string: "*1\r\n$4\r\nINFO\r\n"))
        try channel.writeInbound(ByteBuffer(string: "$37\r\nrun_id:a\nrole:master\nmaster_replid:bc\r\n"))
        return (link, channel)
    }

    private func requests(_ count: Int) -> [(request: Request, deadline: NIODeadline)] {
        (0..<count).map { _ in (Request(.one(RedisCommand("PING")), expecting: "a.0/bc"), .now() + .seconds(20)) }
    }

    private let ping = "*1\r\n$4\r\nPING\r\n"

    @Test("the commands of one turn leave in one write")
    func oneWrite() throws {
        let (link, channel) = try connected()
        link.submit(requests(20))
        let written = try channel.readOutbound(as: ByteBuffer.self)
        #expect(written.map { String(buffer: $0) } == String(repeating: ping, count: 20))
        #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
    }

    @Test("commands that waited for room leave when replies have come, again in one write")
    func room() throws {
        let (link, channel) = try connected { $0.maximumInFlight = 4 }
        link.submit(requests(7))
        #expect(try channel.readOutbound(as: ByteBuffer.self)?.readableBytes == 4 * ping.utf8.count)
        #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
        try channel.writeInbound(ByteBuffer(string: "+PONG\r\n+PONG\r\n+PO"))
        #expect(try channel.readOutbound(as: ByteBuffer.self)?.readableBytes == 2 * ping.utf8.count)
        #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
    }

    @Test("a connection that turns out bad is closed, and what else it brought is not looked at")
    func bad() throws {
        let (link, channel) = try connected()
        link.submit(requests(1))
        try channel.writeInbound(ByteBuffer(string: "+PONG\r\n+UNASKED\r\n+MORE\r\n"))
        #expect(!channel.isActive)
    }
}
