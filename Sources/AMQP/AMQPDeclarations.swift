/// An exchange to be declared. The broker refuses (406) one that exists with other properties.
public struct AMQPExchangeDeclaration: Sendable, Hashable {
    public var name: String
    /// `direct`, `fanout`, `topic`, `headers`, or that of a plug-in.
    public var type: String
    public var isDurable = true
    /// Whether it only has to exist: the broker refuses (404) one that does not.
    public var isPassive = false
    public var arguments: AMQPTable = [:]

    public init(_ name: String, type: String) {
        self.name = name
        self.type = type
    }
}

/// A queue to be declared. The broker refuses (406) one that exists with other properties.
public struct AMQPQueueDeclaration: Sendable, Hashable {
    /// The broker makes one up for an empty name.
    public var name: String
    public var isDurable = true
    /// Whether only this connection may use it; it is deleted with the connection.
    public var isExclusive = false
    /// Whether it is deleted with its last consumer.
    public var isAutoDeleted = false
    /// Whether it only has to exist: the broker refuses (404) one that does not.
    public var isPassive = false
    /// Such as `["x-queue-type": "quorum", "x-single-active-consumer": true]`.
    public var arguments: AMQPTable = [:]

    public init(_ name: String) {
        self.name = name
    }
}

/// A declared queue.
public struct AMQPQueue: Sendable, Hashable {
    public let name: String
    /// The number of messages ready for delivery.
    public let messages: Int
    public let consumers: Int
}
