internal import NIOCore

/// The methods in use: the class in the upper half, the method in the lower one (AMQP 0-9-1, section 1.3).
enum MethodID: UInt32 {
    case connectionStart = 0x000a_000a
    case connectionStartOK = 0x000a_000b
    case connectionTune = 0x000a_001e
    case connectionTuneOK = 0x000a_001f
    case connectionOpen = 0x000a_0028
    case connectionOpenOK = 0x000a_0029
    case connectionClose = 0x000a_0032
    case connectionCloseOK = 0x000a_0033
    case connectionBlocked = 0x000a_003c
    case connectionUnblocked = 0x000a_003d
    case channelOpen = 0x0014_000a
    case channelOpenOK = 0x0014_000b
    case channelClose = 0x0014_0028
    case channelCloseOK = 0x0014_0029
    case exchangeDeclare = 0x0028_000a
    case exchangeDeclareOK = 0x0028_000b
    case queueDeclare = 0x0032_000a
    case queueDeclareOK = 0x0032_000b
    case queueBind = 0x0032_0014
    case queueBindOK = 0x0032_0015
    case basicQoS = 0x003c_000a
    case basicQoSOK = 0x003c_000b
    case basicConsume = 0x003c_0014
    case basicConsumeOK = 0x003c_0015
    case basicCancel = 0x003c_001e
    case basicPublish = 0x003c_0028
    case basicReturn = 0x003c_0032
    case basicDeliver = 0x003c_003c
    case basicAck = 0x003c_0050
    case basicNack = 0x003c_0078
    case confirmSelect = 0x0055_000a
    case confirmSelectOK = 0x0055_000b
}

/// The class of all messages.
let basicClass: UInt16 = 60

/// What the broker sends.
enum IncomingMethod: Hashable {
    case start(mechanisms: String)
    case tune(Tuning)
    case blocked(reason: String)
    case unblocked
    case connectionClose(CloseReason)
    case channelClose(CloseReason)
    case deliver(tag: UInt64, isRedelivered: Bool, exchange: String, routingKey: String)
    case returned(ReturnedMessage)
    case confirm(tag: UInt64, isMultiple: Bool, isAccepted: Bool)
    case cancel
    case reply(Reply)
}

/// Limits of a connection. Zero means none, or no heartbeats.
struct Tuning: Hashable {
    var channels: UInt16
    var frameBytes: UInt32
    /// Seconds.
    var heartbeat: UInt16
}

/// The beginning of a `basic.return`; the message's content follows.
struct ReturnedMessage: Hashable {
    let code: UInt16
    let reason: String
    let exchange: String
    let routingKey: String
}

/// Completes the oldest call of its channel.
struct Reply: Hashable {
    let method: MethodID
    /// Of `queue.declare-ok`.
    var queue: AMQPQueue?
}

extension IncomingMethod {
    /// - Throws: `.protocolViolation`, also for methods that only clients send.
    init(_ payload: ByteBuffer) throws(AMQPError) {
        var reader = FieldReader(payload)
        let number = try reader.integer(UInt32.self)
        guard let method = MethodID(rawValue: number) else {
            throw .malformed("the unknown method \(number >> 16).\(number & 0xffff)")
        }
        switch method {
        case .connectionStart:
            // The version, of which there is one, and the properties of the server.
            _ = try reader.integer(UInt16.self)
            _ = try reader.table()
            self = .start(mechanisms: String(buffer: try reader.longBytes()))
            _ = try reader.longBytes()
        case .connectionTune:
            self = .tune(
                Tuning(
                    channels: try reader.integer(), frameBytes: try reader.integer(), heartbeat: try reader.integer()))
        case .connectionBlocked: self = .blocked(reason: try reader.shortString())
        case .connectionUnblocked: self = .unblocked
        case .connectionClose: self = .connectionClose(try reader.closeReason())
        case .channelClose: self = .channelClose(try reader.closeReason())
        case .basicDeliver:
            // The consumer: a channel has one.
            _ = try reader.shortString()
            self = .deliver(
                tag: try reader.integer(), isRedelivered: try reader.bool(), exchange: try reader.shortString(),
                routingKey: try reader.shortString())
        case .basicReturn:
            self = .returned(
                ReturnedMessage(
                    code: try reader.integer(), reason: try reader.shortString(), exchange: try reader.shortString(),
                    routingKey: try reader.shortString()))
        case .basicAck, .basicNack:
            self = .confirm(
                tag: try reader.integer(), isMultiple: try reader.bool(), isAccepted: method == .basicAck)
        case .basicCancel:
            _ = try reader.shortString()
            _ = try reader.bool()
            self = .cancel
        case .queueDeclareOK:
            let queue = AMQPQueue(
                name: try reader.shortString(), messages: Int(try reader.integer(UInt32.self)),
                consumers: Int(try reader.integer(UInt32.self)))
            self = .reply(Reply(method: method, queue: queue))
        case .connectionOpenOK, .basicConsumeOK:
            // Reserved; the consumer's tag.
            _ = try reader.shortString()
            self = .reply(Reply(method: method))
        case .channelOpenOK:
            _ = try reader.longBytes()
            self = .reply(Reply(method: method))
        case .connectionCloseOK, .channelCloseOK, .exchangeDeclareOK, .queueBindOK, .basicQoSOK, .confirmSelectOK:
            self = .reply(Reply(method: method))
        case .connectionStartOK, .connectionTuneOK, .connectionOpen, .channelOpen, .exchangeDeclare, .queueDeclare,
            .queueBind, .basicQoS, .basicConsume, .basicPublish, .confirmSelect:
            throw .malformed("the method \(method), which is for brokers")
        }
        guard reader.isAtEnd else { throw .malformed("a method \(method) that is too long") }
    }
}

/// What is sent.
enum OutgoingMethod {
    case startOK(properties: AMQPTable, response: String)
    case tuneOK(Tuning)
    case open(virtualHost: String)
    case connectionClose(CloseReason)
    case connectionCloseOK
    case channelOpen
    case channelClose(CloseReason)
    case channelCloseOK
    case exchangeDeclare(AMQPExchangeDeclaration)
    case queueDeclare(AMQPQueueDeclaration)
    case queueBind(queue: String, exchange: String, routingKey: String, arguments: AMQPTable)
    case qos(prefetch: UInt16)
    case consume(queue: String, isExclusive: Bool, arguments: AMQPTable)
    case publish(exchange: String, routingKey: String, isMandatory: Bool)
    case ack(upTo: UInt64)
    case confirmSelect

    private var id: MethodID {
        switch self {
        case .startOK: .connectionStartOK
        case .tuneOK: .connectionTuneOK
        case .open: .connectionOpen
        case .connectionClose: .connectionClose
        case .connectionCloseOK: .connectionCloseOK
        case .channelOpen: .channelOpen
        case .channelClose: .channelClose
        case .channelCloseOK: .channelCloseOK
        case .exchangeDeclare: .exchangeDeclare
        case .queueDeclare: .queueDeclare
        case .queueBind: .queueBind
        case .qos: .basicQoS
        case .consume: .basicConsume
        case .publish: .basicPublish
        case .ack: .basicAck
        case .confirmSelect: .confirmSelect
        }
    }
}

extension ByteBuffer {
    /// Appends a method's frame, or nothing if it fails.
    mutating func writeMethod(
        _ method: OutgoingMethod, channel: UInt16, maximumBytes: Int = .max
    ) throws(AMQPError) {
        try writeFrame(.method, channel: channel, maximumBytes: maximumBytes) { (bytes) throws(AMQPError) in
            try method.write(to: &bytes)
        }
    }

    /// Appends a method without texts and tables, which cannot fail.
    mutating func writeFixedMethod(_ method: OutgoingMethod, channel: UInt16) {
        do {
            try writeMethod(method, channel: channel)
        } catch {
            preconditionFailure("the method has texts: \(error)")
        }
    }
}

extension OutgoingMethod {
    private static let reserved: UInt16 = 0

    fileprivate func write(to bytes: inout ByteBuffer) throws(AMQPError) {
        bytes.writeInteger(id.rawValue)
        switch self {
        case .startOK(let properties, let response):
            try bytes.writeTable(properties)
            try bytes.writeShortString("PLAIN")
            bytes.writeLongString(response)
            try bytes.writeShortString("en_US")
        case .tuneOK(let tuning):
            bytes.writeInteger(tuning.channels)
            bytes.writeInteger(tuning.frameBytes)
            bytes.writeInteger(tuning.heartbeat)
        case .open(let virtualHost):
            try bytes.writeShortString(virtualHost)
            try bytes.writeShortString("")
            bytes.writeBits(false)
        case .connectionClose(let reason), .channelClose(let reason):
            bytes.writeInteger(reason.code)
            try bytes.writeShortString(reason.text)
            bytes.writeInteger(UInt32(0))
        case .channelOpen: try bytes.writeShortString("")
        case .connectionCloseOK, .channelCloseOK: break
        case .exchangeDeclare(let exchange):
            bytes.writeInteger(Self.reserved)
            try bytes.writeShortString(exchange.name)
            try bytes.writeShortString(exchange.type)
            bytes.writeBits(exchange.isPassive, exchange.isDurable, false, false, false)
            try bytes.writeTable(exchange.arguments)
        case .queueDeclare(let queue):
            bytes.writeInteger(Self.reserved)
            try bytes.writeShortString(queue.name)
            bytes.writeBits(queue.isPassive, queue.isDurable, queue.isExclusive, queue.isAutoDeleted, false)
            try bytes.writeTable(queue.arguments)
        case .queueBind(let queue, let exchange, let routingKey, let arguments):
            bytes.writeInteger(Self.reserved)
            try bytes.writeShortString(queue)
            try bytes.writeShortString(exchange)
            try bytes.writeShortString(routingKey)
            bytes.writeBits(false)
            try bytes.writeTable(arguments)
        case .qos(let prefetch):
            bytes.writeInteger(UInt32(0))
            bytes.writeInteger(prefetch)
            bytes.writeBits(false)
        case .consume(let queue, let isExclusive, let arguments):
            bytes.writeInteger(Self.reserved)
            try bytes.writeShortString(queue)
            // The broker makes up a tag.
            try bytes.writeShortString("")
            bytes.writeBits(false, false, isExclusive, false)
            try bytes.writeTable(arguments)
        case .publish(let exchange, let routingKey, let isMandatory):
            bytes.writeInteger(Self.reserved)
            try bytes.writeShortString(exchange)
            try bytes.writeShortString(routingKey)
            bytes.writeBits(isMandatory, false)
        case .ack(let tag):
            bytes.writeInteger(tag)
            bytes.writeBits(true)
        case .confirmSelect: bytes.writeBits(false)
        }
    }
}
