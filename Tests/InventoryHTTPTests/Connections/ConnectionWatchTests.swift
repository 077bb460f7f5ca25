import NIOCore
import NIOEmbedded
import Testing

@testable import InventoryHTTP

@Suite("Watch of an event loop's connections")
struct ConnectionWatchTests {
    private let loop = EmbeddedEventLoop()
    private let limits = HTTPLimits().connections

    private func open(_ count: Int) throws -> [EmbeddedChannel] {
        let watch = ConnectionWatch(loop, limits)
        return try (0..<count).map { _ in
            let meter = ConnectionMeter(
                ConnectionPace(limits, isEncrypted: false), watch, MemoryBudget(bytes: 1 << 20))
            let channel = EmbeddedChannel(handler: meter, loop: loop)
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            return channel
        }
    }

    @Test("ends all that are too slow, few at a time")
    func many() throws {
        let channels = try open(1_000)
        func left() -> Int { channels.count { $0.isActive } }
        loop.advanceTime(by: .seconds(10) - .milliseconds(1))
        #expect(left() == 1_000)
        var most = 0
        for _ in 0..<3_000 {
            let before = left()
            loop.advanceTime(by: .milliseconds(1))
            most = max(most, before - left())
        }
        #expect(left() == 0)
        #expect(most <= 4)
    }

    @Test("ends each of a few as soon as it is too slow", arguments: [1, 2, 7, 8, 9])
    func few(count: Int) throws {
        let channels = try open(count)
        loop.advanceTime(by: .seconds(10))
        #expect(channels.allSatisfy { $0.isActive })
        // Two checks more, and one until the first.
        loop.advanceTime(by: .milliseconds(1_500))
        #expect(channels.allSatisfy { !$0.isActive })
    }

    @Test("tells connections that open while the server stops, and cuts off all that are left")
    func stopping() throws {
        let watch = ConnectionWatch(loop, limits)
        watch.drain()
        let told = Told()
        let meter = ConnectionMeter(
            ConnectionPace(limits, isEncrypted: false), watch, MemoryBudget(bytes: 1 << 20))
        let channel = EmbeddedChannel(handlers: [meter, told], loop: loop)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        loop.advanceTime(by: .seconds(1))
        #expect(told.isTold)
        #expect(channel.isActive)
        #expect(watch.cutOff() == 0)
        #expect(!channel.isActive)
    }

    @Test("leaves nobody out when others leave meanwhile")
    func leaving() throws {
        let channels = try open(500)
        var generator = SystemRandomNumberGenerator()
        for channel in channels.shuffled(using: &generator).prefix(250) {
            loop.advanceTime(by: .milliseconds(37))
            try channel.close().wait()
        }
        loop.advanceTime(by: .seconds(13) - .milliseconds(250 * 37))
        #expect(channels.allSatisfy { !$0.isActive })
    }
}

private final class Told: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    var isTold = false

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { isTold = true }
    }
}
