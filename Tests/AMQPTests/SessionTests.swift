import NIOCore
import Testing

@testable import AMQP

/// Without sockets: the test is the broker.
@Suite("session")
struct SessionTests {
    // MARK: Opening

    @Test("opens the same wherever the network cuts what the broker sends")
    func cuts() throws {
        var greeting = ByteBuffer()
        for bytes in [Broker.start(), Broker.tune(), Broker.method(.connectionOpenOK) { $0.writeInteger(UInt8(0)) }] {
            greeting.writeImmutableBuffer(bytes)
        }
        for pieces in (0...greeting.readableBytes).map(greeting.cut(at:)) + [greeting.pieces(of: 1)] {
            var session = try Session(.forTests())
            for piece in pieces { try session.receive(piece) }
            #expect(session.isOpen == true)
            let sent = String(buffer: session.outgoing)
            #expect(sent.hasPrefix("AMQP\0\0\u{9}\u{1}"))
            #expect(sent.contains("\0khata\0s3cret"))
        }
    }

    @Test(
        "limits are the smaller ones, and heartbeats are insisted on",
        arguments: [
            (
                Tuning(channels: 0, frameBytes: 0, heartbeat: 0),
                Tuning(channels: 64, frameBytes: 131_072, heartbeat: 30)
            ),
            (
                Tuning(channels: 7, frameBytes: 4_096, heartbeat: 5),
                Tuning(channels: 7, frameBytes: 4_096, heartbeat: 5)
            ),
            (
                Tuning(channels: 2_047, frameBytes: .max, heartbeat: 60),
                Tuning(channels: 64, frameBytes: 131_072, heartbeat: 30)
            ),
        ])
    func tuning(offer: Tuning, result: Tuning) throws {
        var session = try Session(.forTests())
        try session.receive(Broker.start())
        try session.receive(Broker.tune(offer))
        #expect(session.tuning == result)
    }

    @Test("a broker without passwords, or with frames that are too small, is refused")
    func refused() throws {
        #expect(try failure { try $0.receive(Broker.start(mechanisms: "EXTERNAL XPLAIN")) }.kind == .connection)
        let tiny = try failure {
            try $0.receive(Broker.start())
            try $0.receive(Broker.tune(Tuning(channels: 1, frameBytes: 4_095, heartbeat: 1)))
        }
        #expect(tiny.kind == .protocolViolation)
        let denied = try failure {
            try $0.receive(Broker.start())
            try $0.receive(Broker.close(.connectionClose, 403, "ACCESS_REFUSED"))
        }
        #expect(denied == AMQPError(.server(code: 403), "ACCESS_REFUSED"))
    }

    @Test("methods at the wrong time, of clients, or unknown are refused", arguments: 0..<4)
    func wrongTime(steps: Int) throws {
        let greeting = [Broker.start(), Broker.tune(), Broker.method(.connectionOpenOK) { $0.writeInteger(UInt8(0)) }]
        let wrong = [
            Broker.method(.channelCloseOK), Broker.method(.connectionCloseOK), Broker.method(.basicPublish),
            Broker.frame(.method, 0) { $0.writeInteger(UInt32(0x000a_0063)) }, Broker.frame(.method, 0) { _ in },
            Broker.frame(.header, 0) { _ in }, Broker.frame(.body, 0) { _ in }, Broker.frame(.heartbeat, 1) { _ in },
            Broker.method(.channelOpenOK, channel: 9) { $0.writeInteger(UInt32(0)) },
        ]
        for wrong in wrong + (steps == 0 ? [] : [Broker.start()]) {
            let error = try failure {
                for step in greeting.prefix(steps) { try $0.receive(step) }
                try $0.receive(wrong)
            }
            #expect(error.kind == .protocolViolation)
        }
    }

    // MARK: Malformed input

    /// All that a broker sends, on channel 1.
    private var stream: ByteBuffer {
        var stream = ByteBuffer()
        for bytes in [
            Broker.method(.queueDeclareOK, channel: 1) {
                try? $0.writeShortString("q")
                $0.writeMultipleIntegers(UInt32(1), UInt32(2))
            },
            Broker.delivery(1, "body"), Broker.delivery(2, String(repeating: "x", count: 600), part: 500),
            Broker.returned(id: "1"), Broker.confirm(1), Broker.confirm(3, isMultiple: true, isAccepted: false),
            Broker.method(.connectionBlocked) { try? $0.writeShortString("low on memory") },
            Broker.method(.connectionUnblocked), Broker.frame(.heartbeat, 0) { _ in },
            Broker.method(.basicCancel, channel: 1) {
                try? $0.writeShortString("consumer")
                $0.writeInteger(UInt8(1))
            },
            Broker.close(.channelClose, 404, "NOT_FOUND", channel: 1),
        ] { stream.writeImmutableBuffer(bytes) }
        return stream
    }

    private func play(_ stream: [ByteBuffer]) throws -> Harness {
        let harness = try Harness()
        harness.consume()
        let queue = Call()
        let declare = OutgoingMethod.queueDeclare(AMQPQueueDeclaration("q"))
        harness.session.call(declare, reply: .queueDeclareOK, queue, on: harness.channel)
        harness.publish(3, isMandatory: true)
        for bytes in stream { try harness.session.receive(bytes) }
        return harness
    }

    @Test("what a broker sends is understood wherever it is cut")
    func streamCuts() async throws {
        for pieces in (0...stream.readableBytes).map(stream.cut(at:)) + [stream.pieces(of: 1)] {
            let harness = try play(pieces)
            let outcomes = await harness.published.outcomes()
            #expect(
                outcomes.map(\.failure) == [nil, .returned(code: 312, reason: "NO_ROUTE"), .rejected])
            #expect(harness.channel.isClosed)
        }
    }

    @Test("whatever is wrong with it, it ends the session or not, and never the process")
    func corruption() throws {
        let stream = stream
        for index in 0..<stream.readableBytes {
            var wrong = stream
            let byte = wrong.getInteger(at: index, as: UInt8.self)!
            for value in [0xff, byte ^ 1] where value != byte {
                wrong.setInteger(value, at: index)
                _ = try? play([wrong])
            }
            // A byte less.
            let (before, after) = (stream.cut(at: index)[0], stream.cut(at: index + 1)[1])
            _ = try? play([before, after])
        }
    }

    @Test("methods of every length but their own are refused")
    func lengths() throws {
        var decoder = FrameDecoder(maximumFrameBytes: 8192)
        decoder.append(stream)
        while let frame = try decoder.next() {
            guard frame.type == .method else { continue }
            let payload = frame.payload
            for length in 0..<payload.readableBytes {
                let error = #expect(throws: AMQPError.self) {
                    try IncomingMethod(payload.getSlice(at: payload.readerIndex, length: length)!)
                }
                #expect(error?.kind == .protocolViolation)
            }
            var long = payload
            long.writeInteger(UInt8(0))
            #expect(throws: AMQPError.self) { try IncomingMethod(long) }
        }
    }

    @Test(
        "messages in the wrong order, or of another size than announced, are refused",
        arguments: [
            [Broker.frame(.header, 1) { _ in }], [Broker.frame(.body, 1) { $0.writeString("x") }],
            [Broker.deliver(1), Broker.frame(.body, 1) { $0.writeString("x") }],
            [Broker.deliver(1), Broker.deliver(2)],
            [Broker.deliver(1), Broker.header(size: 2), Broker.frame(.body, 1) { $0.writeString("xyz") }],
            [Broker.deliver(1), Broker.header(size: 2), Broker.frame(.body, 1) { _ in }],
            [Broker.deliver(1), Broker.header(size: 2), Broker.header(size: 2)],
            [Broker.deliver(1), Broker.header(size: 0), Broker.frame(.body, 1) { $0.writeString("x") }],
            [Broker.deliver(1), Broker.confirm(1)], [Broker.deliver(2), Broker.header(size: 0)],
            [Broker.deliver(0), Broker.header(size: 0)], [Broker.confirm(9)],
            [Broker.method(.queueDeclareOK, channel: 1) { $0.writeMultipleIntegers(UInt8(0), UInt64(0)) }],
        ])
    func content(frames: [ByteBuffer]) throws {
        let harness = try Harness()
        harness.consume()
        harness.publish(1)
        let error = #expect(throws: AMQPError.self) {
            for frame in frames { try harness.session.receive(frame) }
        }
        #expect(error?.kind == .protocolViolation)
    }

    @Test("a delivery above the limit is not kept, whatever is announced", arguments: [UInt64(1_001), .max])
    func tooLarge(size: UInt64) async throws {
        var configuration = try AMQPConfiguration.forTests()
        configuration.maximumBodyBytes = 1_000
        let harness = try Harness(configuration)
        harness.consume()
        try harness.session.receive(Broker.deliver(1))
        try harness.session.receive(Broker.header(size: size))
        for _ in 0..<7 { try harness.session.receive(Broker.frame(.body, 1) { $0.writeRepeatingByte(0, count: 143) }) }
        guard size == 1_001 else { return }
        #expect(try await harness.deliveries.next()?.body == .tooLarge(bytes: 1_001))
    }

    // MARK: Publishing

    @Test("no more messages are in flight than allowed, and none while the broker is blocked")
    func window() async throws {
        var configuration = try AMQPConfiguration.forTests()
        configuration.maximumUnconfirmed = 3
        let harness = try Harness(configuration)
        harness.publish(5)
        #expect(harness.takePublished() == ["0", "1", "2"])
        try harness.session.receive(Broker.confirm(2))
        #expect(harness.takePublished() == [])
        try harness.session.receive(Broker.method(.connectionBlocked) { try? $0.writeShortString("low on disk") })
        #expect(harness.session.blockedReason == "low on disk")
        try harness.session.receive(Broker.confirm(1))
        #expect(harness.takePublished() == [])
        try harness.session.receive(Broker.method(.connectionUnblocked))
        #expect(harness.takePublished() == ["3", "4"])
        try harness.session.receive(Broker.confirm(0, isMultiple: true, isAccepted: false))
        #expect(await harness.published.outcomes().map(\.failure) == [nil, nil, .rejected, .rejected, .rejected])
    }

    @Test("messages of callers that gave up are not sent, and make room for others")
    func givenUp() async throws {
        var configuration = try AMQPConfiguration.forTests()
        configuration.maximumUnconfirmed = 1
        configuration.maximumWaiting = 2
        let harness = try Harness(configuration)
        harness.publish(1)
        _ = harness.takePublished()
        harness.publish(2)
        let first = harness.published
        harness.publish(1)
        #expect(await harness.published.outcomes()[0].failure?.error?.kind == .overloaded)
        first.fail(.cancelled)
        #expect(await first.outcomes().map(\.failure) == [.notSent(.cancelled), .notSent(.cancelled)])
        harness.publish(1)
        try harness.session.receive(Broker.confirm(1))
        #expect(harness.takePublished() == ["0"])
    }

    @Test("a lost connection says which messages were sent")
    func lost() async throws {
        var configuration = try AMQPConfiguration.forTests()
        configuration.maximumUnconfirmed = 2
        let harness = try Harness(configuration)
        harness.publish(4)
        _ = harness.takePublished()
        try harness.session.receive(Broker.confirm(1))
        let error = AMQPError(.connection, "gone")
        harness.session.end(error)
        harness.session.end(.closed)
        #expect(
            await harness.published.outcomes().map(\.failure)
                == [nil, .outcomeUnknown(error), .notSent(error), .notSent(error)])
        harness.publish(1)
        #expect(await harness.published.outcomes()[0].failure == .notSent(error))
    }

    @Test("a mandatory message that comes back is told by its id, each one once")
    func returned() async throws {
        let harness = try Harness()
        harness.publish(3, isMandatory: true)
        _ = harness.takePublished()
        try harness.session.receive(Broker.returned(id: "1"))
        try harness.session.receive(Broker.returned(id: "1"))
        try harness.session.receive(Broker.returned(id: "no such"))
        try harness.session.receive(Broker.confirm(3, isMultiple: true))
        #expect(
            await harness.published.outcomes().map(\.failure) == [nil, .returned(code: 312, reason: "NO_ROUTE"), nil])
    }

    // MARK: Time, and the end

    @Test("a heartbeat is sent when nothing else was, and two silent ones end the session")
    func heartbeats() throws {
        let harness = try Harness()
        _ = harness.session.takeOutgoing()
        try harness.session.tick()
        #expect(harness.session.takeOutgoing() == nil)
        for _ in 0..<2 {
            try harness.session.tick()
            #expect(harness.session.takeOutgoing() == Broker.frame(.heartbeat, 0) { _ in })
            // It counts as something that was sent.
            try harness.session.receive(Broker.frame(.heartbeat, 0) { _ in })
            try harness.session.tick()
            #expect(harness.session.takeOutgoing() == nil)
        }
        for _ in 0..<3 { try harness.session.tick() }
        let error = #expect(throws: AMQPError.self) { try harness.session.tick() }
        #expect(error?.kind == .connection)
    }

    @Test("closing waits for confirms, fails what was not sent, acknowledges, and says goodbye")
    func close() async throws {
        var configuration = try AMQPConfiguration.forTests()
        configuration.maximumUnconfirmed = 1
        let harness = try Harness(configuration)
        harness.consume()
        harness.publish(2)
        _ = harness.takePublished()
        try harness.session.receive(Broker.delivery(1, "x"))
        #expect(harness.deliveries.settle(1))
        try harness.session.close()
        #expect(harness.session.takeOutgoing() == nil)
        try harness.session.receive(Broker.confirm(1))
        #expect(await harness.published.outcomes().map(\.failure) == [nil, .notSent(.closed)])
        var expected = ByteBuffer()
        expected.writeFixedMethod(.ack(upTo: 1), channel: 1)
        try expected.writeMethod(.connectionClose(.done), channel: 0)
        #expect(harness.session.takeOutgoing() == expected)
        try harness.session.receive(Broker.delivery(2, "late"))
        let end = #expect(throws: AMQPError.self) { try harness.session.receive(Broker.method(.connectionCloseOK)) }
        #expect(end?.kind == .closed)
    }

    @Test("a channel that is being closed ignores what is on its way, but for confirms")
    func closingChannel() async throws {
        let harness = try Harness()
        harness.consume()
        harness.publish(2)
        _ = harness.takePublished()
        let closed = Call()
        harness.session.call(.channelClose(.done), reply: .channelCloseOK, closed, on: harness.channel)
        try harness.session.receive(Broker.delivery(1, "late"))
        try harness.session.receive(Broker.confirm(1))
        #expect(!closed.isFinished)
        try harness.session.receive(Broker.method(.channelCloseOK, channel: 1))
        #expect(throws: Never.self, performing: (await closed.value()).get)
        #expect(await harness.published.outcomes().map(\.failure) == [nil, .outcomeUnknown(.closed)])
        #expect(try await harness.deliveries.next() == nil)
        let again = harness.session.openChannel(Call())
        #expect(again?.number == 1)
    }

    @Test("a channel that both sides close at once ends with the reply, and its number is free only then")
    func closedByBoth() throws {
        let harness = try Harness()
        let closed = Call()
        harness.session.call(.channelClose(.done), reply: .channelCloseOK, closed, on: harness.channel)
        _ = harness.session.takeOutgoing()
        try harness.session.receive(Broker.close(.channelClose, 404, "NOT_FOUND", channel: 1))
        #expect(harness.session.takeOutgoing() == Broker.method(.channelCloseOK, channel: 1))
        #expect(harness.session.openChannel(Call())?.number == 2)
        try harness.session.receive(Broker.method(.channelCloseOK, channel: 1))
        #expect(closed.isFinished)
        #expect(harness.session.openChannel(Call())?.number == 1)
    }

    private func failure(_ play: (inout Session) throws -> Void) throws -> AMQPError {
        var session = try Session(.forTests())
        do {
            try play(&session)
        } catch let error as AMQPError {
            return error
        }
        throw NotSo()
    }
}

/// A session with an open channel.
private final class Harness {
    var session: Session
    let channel: ChannelState
    let deliveries = Deliveries(prefetch: 10)
    /// The latest.
    private(set) var published = Publication([])

    init(_ configuration: AMQPConfiguration? = nil) throws {
        var session = try Session(configuration ?? .forTests())
        try session.receive(Broker.start())
        try session.receive(Broker.tune())
        try session.receive(Broker.method(.connectionOpenOK) { $0.writeInteger(UInt8(0)) })
        let channel = session.openChannel(Call())
        self.channel = try #require(channel)
        try session.receive(Broker.method(.channelOpenOK, channel: 1) { $0.writeInteger(UInt32(0)) })
        try session.receive(Broker.method(.confirmSelectOK, channel: 1))
        _ = session.takeOutgoing()
        self.session = session
    }

    func consume() {
        session.consume(.consume(queue: "q", isExclusive: false, arguments: [:]), deliveries, Call(), on: channel)
        try? session.receive(Broker.method(.basicQoSOK, channel: 1))
        try? session.receive(Broker.method(.basicConsumeOK, channel: 1) { try? $0.writeShortString("consumer") })
        _ = session.takeOutgoing()
    }

    /// Messages with their number as id and body.
    func publish(_ count: Int, isMandatory: Bool = false) {
        published = Publication(
            (0..<count).map { AMQPMessage(to: "q", "\($0)", id: "\($0)", isMandatory: isMandatory) })
        session.publish(published, on: channel)
        session.fill()
    }

    /// The bodies of the messages that are to be written now.
    func takePublished() -> [String] {
        session.fill()
        guard let bytes = session.takeOutgoing() else { return [] }
        var decoder = FrameDecoder(maximumFrameBytes: 1 << 20)
        decoder.append(bytes)
        var bodies: [String] = []
        while let frame = try? decoder.next() {
            if frame.type == .body { bodies.append(String(buffer: frame.payload)) }
        }
        return bodies
    }
}

/// What a broker sends.
private enum Broker {
    static func frame(_ type: FrameType, _ channel: UInt16, _ write: (inout ByteBuffer) -> Void) -> ByteBuffer {
        var bytes = ByteBuffer()
        try? bytes.writeFrame(type, channel: channel) { write(&$0) }
        return bytes
    }

    static func method(
        _ method: MethodID, channel: UInt16 = 0, _ write: (inout ByteBuffer) -> Void = { _ in }
    ) -> ByteBuffer {
        frame(.method, channel) {
            $0.writeInteger(method.rawValue)
            write(&$0)
        }
    }

    static func start(mechanisms: String = "AMQPLAIN PLAIN") -> ByteBuffer {
        method(.connectionStart) {
            $0.writeMultipleIntegers(UInt8(0), UInt8(9))
            try? $0.writeTable(["product": "RabbitMQ", "capabilities": .table(["basic.nack": true])])
            $0.writeLongString(mechanisms)
            $0.writeLongString("en_US")
        }
    }

    static func tune(_ tuning: Tuning = Tuning(channels: 2_047, frameBytes: 131_072, heartbeat: 60)) -> ByteBuffer {
        method(.connectionTune) {
            $0.writeMultipleIntegers(tuning.channels, tuning.frameBytes, tuning.heartbeat)
        }
    }

    static func close(_ id: MethodID, _ code: UInt16, _ text: String, channel: UInt16 = 0) -> ByteBuffer {
        method(id, channel: channel) {
            $0.writeInteger(code)
            try? $0.writeShortString(text)
            $0.writeInteger(UInt32(0))
        }
    }

    static func deliver(_ tag: UInt64) -> ByteBuffer {
        method(.basicDeliver, channel: 1) {
            try? $0.writeShortString("consumer")
            $0.writeMultipleIntegers(tag, UInt8(0))
            try? $0.writeShortString("")
            try? $0.writeShortString("q")
        }
    }

    static func header(size: UInt64, id: String? = nil) -> ByteBuffer {
        frame(.header, 1) {
            $0.writeMultipleIntegers(basicClass, UInt16(0), size)
            var properties = AMQPProperties()
            properties.messageID = id
            try? $0.writeProperties(properties)
        }
    }

    static func delivery(_ tag: UInt64, _ text: String, part: Int = .max) -> ByteBuffer {
        var bytes = deliver(tag)
        bytes.writeImmutableBuffer(header(size: UInt64(text.utf8.count)))
        var rest = ByteBuffer(string: text)
        while let body = rest.readSlice(length: min(part, rest.readableBytes)), body.readableBytes > 0 {
            bytes.writeImmutableBuffer(frame(.body, 1) { $0.writeImmutableBuffer(body) })
        }
        return bytes
    }

    static func returned(id: String) -> ByteBuffer {
        var bytes = method(.basicReturn, channel: 1) {
            $0.writeInteger(UInt16(312))
            for text in ["NO_ROUTE", "", "q"] { try? $0.writeShortString(text) }
        }
        bytes.writeImmutableBuffer(header(size: 4, id: id))
        bytes.writeImmutableBuffer(frame(.body, 1) { $0.writeString("body") })
        return bytes
    }

    static func confirm(_ tag: UInt64, isMultiple: Bool = false, isAccepted: Bool = true) -> ByteBuffer {
        method(isAccepted ? .basicAck : .basicNack, channel: 1) {
            $0.writeMultipleIntegers(tag, UInt8(isMultiple ? 1 : 0))
        }
    }
}

extension AMQPConfiguration {
    fileprivate static func forTests() throws -> AMQPConfiguration {
        try AMQPConfiguration(url: "amqp://khata:s3cret@broker")
    }
}

extension PublishFailure {
    var error: AMQPError? {
        switch self {
        case .notSent(let error), .outcomeUnknown(let error): error
        case .rejected, .returned: nil
        }
    }
}
