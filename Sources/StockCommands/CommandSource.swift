public import Inventory
public import NIOCore

/// Where commands come from: queues of a message broker, which deliver what is not acknowledged again, in the same order.
public protocol CommandSource: Sendable {
    associatedtype Queue: CommandQueue

    /// The number of queues that this process should be connected to now. All commands of a store come in the same one.
    var queues: Int { get }

    /// Why it is not connected, if that is known, for everybody: without hosts and secrets.
    var problem: String? { get }

    /// Runs `body` with a connection to each queue, at the same time, until it returns: again after each failure, with
    /// backoff. When the connection is lost, the task of `body` is cancelled. When `body` throws, the connection is closed at
    /// once, so that what was not acknowledged is delivered again, perhaps to another process. Returns when all have.
    /// - Throws: `CancellationError`, after the caller's task was cancelled and `body` has ended.
    func withQueues(_ body: @escaping @Sendable (Queue) async throws -> Void) async throws
}

/// A connection to a queue.
public protocol CommandQueue: Sendable {
    /// What the source has to know of a command to answer it.
    associatedtype Origin: Sendable

    /// From here on commands are delivered, in order, and as many ahead as the source allows.
    func begin() async throws

    /// - Returns: `nil` after the end, which may be that the queue is another process's now, or if the task was cancelled.
    func next() async throws -> ReceivedCommand<Origin>?

    /// Publishes answers in this order.
    /// - Throws: Unless the broker has confirmed all of them.
    func publish(_ answers: [CommandAnswer<Origin>]) async throws

    /// The command is done with: it is not delivered again.
    func settle(_ command: ReceivedCommand<Origin>)
}

/// A command as it was delivered, not validated.
public struct ReceivedCommand<Origin: Sendable>: Sendable {
    public enum Body: Sendable {
        case bytes(ByteBuffer)
        /// It was not kept.
        case tooLong(bytes: UInt64, limit: Int)
    }

    public let origin: Origin
    /// The idempotency key.
    public var key: String?
    /// The user of the broker who sent it, as the broker has checked.
    public var user: String?
    /// Set for what Khata itself has sent on behalf of a principal.
    public var sender: CommandSender?
    public var type: String?
    public var contentType: String?
    public var sentAt: Timestamp?
    /// What it was routed by: has to be its store.
    public var routingKey: String
    public var replyTo: String?
    public var body: Body
    /// A property that the source does not take, and what it has to be.
    public var defect: (property: String, detail: String)?

    public init(_ origin: Origin, routingKey: String, body: Body) {
        self.origin = origin
        self.routingKey = routingKey
        self.body = body
    }
}

/// What became of a command, for whoever wants to know.
public struct CommandAnswer<Origin: Sendable>: Sendable {
    public enum Content: Sendable {
        /// To the queue that the command names: the outcome, as JSON.
        case reply(ByteBuffer)
        /// To those who look after refused commands: the problem (RFC 9457), as JSON, and its code.
        case rejection(String, code: String)
    }

    public let command: ReceivedCommand<Origin>
    public let content: Content
}
