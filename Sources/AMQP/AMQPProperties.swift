internal import NIOCore

/// The properties of a message (AMQP 0-9-1, section 1.8.3.1).
public struct AMQPProperties: Sendable, Hashable {
    public var contentType: String?
    public var contentEncoding: String?
    public var headers: AMQPTable?
    /// Whether durable queues keep it on disk. True unless set: not the default of AMQP.
    public var isPersistent = true
    public var priority: UInt8?
    public var correlationID: String?
    public var replyTo: String?
    /// Milliseconds, in decimal.
    public var expiration: String?
    public var messageID: String?
    /// Seconds since 1970.
    public var timestamp: UInt64?
    public var type: String?
    /// RabbitMQ refuses a message with another user than the connection's
    /// (https://www.rabbitmq.com/docs/validated-user-id).
    public var userID: String?
    public var appID: String?

    public init() {}
}

/// The flags say which properties follow, the first of them in the highest bit.
private struct PropertyFlags: OptionSet {
    let rawValue: UInt16

    static let contentType = Self(rawValue: 1 << 15)
    static let contentEncoding = Self(rawValue: 1 << 14)
    static let headers = Self(rawValue: 1 << 13)
    static let deliveryMode = Self(rawValue: 1 << 12)
    static let priority = Self(rawValue: 1 << 11)
    static let correlationID = Self(rawValue: 1 << 10)
    static let replyTo = Self(rawValue: 1 << 9)
    static let expiration = Self(rawValue: 1 << 8)
    static let messageID = Self(rawValue: 1 << 7)
    static let timestamp = Self(rawValue: 1 << 6)
    static let type = Self(rawValue: 1 << 5)
    static let userID = Self(rawValue: 1 << 4)
    static let appID = Self(rawValue: 1 << 3)
    static let clusterID = Self(rawValue: 1 << 2)
    /// Unused, and more flags, which do not exist.
    static let unknown = Self(rawValue: 3)
}

private let persistentMode: UInt8 = 2

extension FieldReader {
    mutating func properties() throws(AMQPError) -> AMQPProperties {
        let flags = PropertyFlags(rawValue: try integer())
        guard flags.isDisjoint(with: .unknown) else { throw .malformed("a message with unknown properties") }
        var properties = AMQPProperties()
        if flags.contains(.contentType) { properties.contentType = try shortString() }
        if flags.contains(.contentEncoding) { properties.contentEncoding = try shortString() }
        if flags.contains(.headers) { properties.headers = try table() }
        properties.isPersistent = flags.contains(.deliveryMode) ? try integer(UInt8.self) == persistentMode : false
        if flags.contains(.priority) { properties.priority = try integer() }
        if flags.contains(.correlationID) { properties.correlationID = try shortString() }
        if flags.contains(.replyTo) { properties.replyTo = try shortString() }
        if flags.contains(.expiration) { properties.expiration = try shortString() }
        if flags.contains(.messageID) { properties.messageID = try shortString() }
        if flags.contains(.timestamp) { properties.timestamp = try integer() }
        if flags.contains(.type) { properties.type = try shortString() }
        if flags.contains(.userID) { properties.userID = try shortString() }
        if flags.contains(.appID) { properties.appID = try shortString() }
        if flags.contains(.clusterID) { _ = try shortString() }
        return properties
    }
}

extension ByteBuffer {
    mutating func writeProperties(_ properties: AMQPProperties) throws(AMQPError) {
        let start = writerIndex
        var flags: PropertyFlags = []
        writeInteger(flags.rawValue)
        try writeText(properties.contentType, .contentType, &flags)
        try writeText(properties.contentEncoding, .contentEncoding, &flags)
        if let headers = properties.headers {
            flags.insert(.headers)
            try writeTable(headers)
        }
        if properties.isPersistent {
            flags.insert(.deliveryMode)
            writeInteger(persistentMode)
        }
        if let priority = properties.priority {
            flags.insert(.priority)
            writeInteger(priority)
        }
        try writeText(properties.correlationID, .correlationID, &flags)
        try writeText(properties.replyTo, .replyTo, &flags)
        try writeText(properties.expiration, .expiration, &flags)
        try writeText(properties.messageID, .messageID, &flags)
        if let timestamp = properties.timestamp {
            flags.insert(.timestamp)
            writeInteger(timestamp)
        }
        try writeText(properties.type, .type, &flags)
        try writeText(properties.userID, .userID, &flags)
        try writeText(properties.appID, .appID, &flags)
        setInteger(flags.rawValue, at: start)
    }

    private mutating func writeText(
        _ text: String?, _ flag: PropertyFlags, _ flags: inout PropertyFlags
    ) throws(AMQPError) {
        guard let text else { return }
        flags.insert(flag)
        try writeShortString(text)
    }
}
