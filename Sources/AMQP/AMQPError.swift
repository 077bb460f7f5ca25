/// Why a connection, a channel or a call on them failed.
public struct AMQPError: Error, Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// The broker closed the channel or the connection with this reply code (AMQP 0-9-1, section 1.2): 404 for a
        /// queue that does not exist, 403 for a user without the right, 320 for a broker that shuts down.
        case server(code: UInt16)
        /// There is no connection, or it was lost.
        case connection
        /// No reply in time.
        case timeout
        /// Too much is waiting already.
        case overloaded
        /// The broker sent what AMQP 0-9-1 does not allow here. The connection is closed.
        case protocolViolation
        /// An argument that cannot be sent, such as a name of more than 255 bytes. Nothing was sent.
        case invalidArgument
        /// The broker ended the consumer: its queue was deleted, or the queue's node is gone.
        case consumerCancelled
        /// The caller's task was cancelled.
        case cancelled
        /// Closed on this side.
        case closed
    }

    public let kind: Kind
    /// May name hosts, users, queues and exchanges, never a password.
    public let message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

extension AMQPError: CustomStringConvertible {
    public var description: String { message }
}

extension AMQPError {
    static let closed = AMQPError(.closed, "the connection or channel to RabbitMQ is closed")
    static let cancelled = AMQPError(.cancelled, "the caller was cancelled")

    static func malformed(_ what: String) -> AMQPError {
        AMQPError(.protocolViolation, "RabbitMQ sent \(what)")
    }

    static func invalid(_ what: String) -> AMQPError { AMQPError(.invalidArgument, what) }
}

/// Why a message was not confirmed.
public enum PublishFailure: Error, Sendable, Hashable {
    /// It was not sent, and never will be.
    case notSent(AMQPError)
    /// It was sent but not confirmed: the broker may or may not have it.
    case outcomeUnknown(AMQPError)
    /// The broker refused it, such as for a full queue with `reject-publish`, or could not store it.
    case rejected
    /// It was mandatory, and no queue takes it. The code is 312.
    case returned(code: UInt16, reason: String)
}
