import CRdKafka
public import NIOCore

public struct KafkaHeader: Hashable, Sendable {
    public let name: String
    public let value: [UInt8]?

    public init(_ name: String, _ value: [UInt8]?) {
        self.name = name
        self.value = value
    }

    public init(_ name: String, _ value: String) { self.init(name, Array(value.utf8)) }
}

/// To be sent.
public struct KafkaMessage: Sendable {
    public var topic: String
    /// Messages with the same key go to the same partition.
    public var key: [UInt8]?
    public var value: ByteBuffer?
    public var headers: [KafkaHeader] = []
    /// In milliseconds since 1970; when it was sent, without.
    public var timestamp: Int64?

    public init(to topic: String, key: [UInt8]?, _ value: ByteBuffer?) {
        self.topic = topic
        self.key = key
        self.value = value
    }
}

/// As it was received.
public struct KafkaRecord: Sendable {
    public let offset: Int64
    public let key: [UInt8]?
    /// Not kept if it was too long.
    public let value: ByteBuffer?
    public let valueBytes: Int
    public let headers: [KafkaHeader]
    /// In milliseconds since 1970, of the sender or of the broker, as the topic is configured.
    public let timestamp: Int64?

    /// - Parameter maximumValueBytes: A longer value is not kept.
    init(_ message: UnsafePointer<rd_kafka_message_t>, maximumValueBytes: Int) {
        offset = message.pointee.offset
        key = message.pointee.key.map { Array(UnsafeRawBufferPointer(start: $0, count: message.pointee.key_len)) }
        valueBytes = message.pointee.len
        value =
            if let payload = message.pointee.payload, valueBytes <= maximumValueBytes {
                ByteBuffer(bytes: UnsafeRawBufferPointer(start: payload, count: valueBytes))
            } else {
                nil
            }
        var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let time = rd_kafka_message_timestamp(message, &type)
        timestamp = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? nil : time
        headers = Self.headers(of: message)
    }

    private static func headers(of message: UnsafePointer<rd_kafka_message_t>) -> [KafkaHeader] {
        var list: OpaquePointer?
        guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return [] }
        return (0..<rd_kafka_header_cnt(list)).compactMap { index in
            var name: UnsafePointer<CChar>?
            var value: UnsafeRawPointer?
            var count = 0
            guard rd_kafka_header_get_all(list, index, &name, &value, &count) == RD_KAFKA_RESP_ERR_NO_ERROR, let name
            else { return nil }
            return KafkaHeader(
                String(cString: name), value.map { Array(UnsafeRawBufferPointer(start: $0, count: count)) })
        }
    }

    /// The last one of that name, as everywhere with Kafka.
    public func header(_ name: String) -> KafkaHeader? { headers.last { $0.name == name } }

    /// A header as text; what is not UTF-8 is repaired.
    public func text(of name: String) -> String? {
        header(name)?.value.map { String(decoding: $0, as: UTF8.self) }
    }
}
