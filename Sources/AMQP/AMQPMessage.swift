public import NIOCore

/// A message to be published.
public struct AMQPMessage: Sendable, Hashable {
    /// The empty one routes to the queue that is named by the routing key.
    public var exchange: String
    public var routingKey: String
    public var properties: AMQPProperties
    public var body: ByteBuffer
    /// Whether it fails with ``PublishFailure/returned(code:reason:)`` if no queue takes it. It then needs a message id:
    /// the broker returns messages without saying which ones they are.
    public var isMandatory: Bool

    public init(
        exchange: String, routingKey: String, properties: AMQPProperties = AMQPProperties(), body: ByteBuffer,
        isMandatory: Bool = false
    ) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.properties = properties
        self.body = body
        self.isMandatory = isMandatory
    }
}

/// A message that was delivered, to be settled with ``AMQPConsumer/settle(_:)``.
public struct AMQPDelivery: Sendable, Hashable {
    public enum Body: Sendable, Hashable {
        /// May be a slice of the network buffer, which it keeps alive (some tens of kilobytes): copy it to keep it for
        /// long.
        case bytes(ByteBuffer)
        /// It has more than ``AMQPConfiguration/maximumBodyBytes``, and was not kept.
        case tooLarge(bytes: UInt64)
    }

    /// Counts the deliveries of the channel from 1.
    public let tag: UInt64
    /// Whether it may have been delivered before, to this or another consumer.
    public let isRedelivered: Bool
    public let exchange: String
    public let routingKey: String
    public let properties: AMQPProperties
    public let body: Body
}
