public import Inventory
public import NIOCore

/// Sends commands to the queue that a ``CommandConsumer`` takes them from.
public protocol CommandSending: Sendable {
    /// Returns once the broker has confirmed that it keeps the command.
    /// - Throws: Unless it has within two seconds.
    func send(_ command: QueuedCommand) async throws(CommandNotConfirmed)
}

/// A command to be sent on behalf of a principal.
public struct QueuedCommand: Sendable {
    /// The age from which a command is not executed: the records of what was executed are kept for an hour longer
    /// (`IdempotencyRecord`), so one that was executed before cannot have been forgotten.
    public static let maximumAge = Duration.seconds(24 * 3_600)
    public static let maximumBodyBytes = 1 << 20

    public let kind: CommandKind
    /// Keeps it in order with others of this store.
    public let storeID: StoreID
    public let key: String
    public let body: ByteBuffer
    public let sender: CommandSender

    public init(_ kind: CommandKind, of storeID: StoreID, key: String, body: ByteBuffer, sender: CommandSender) {
        self.kind = kind
        self.storeID = storeID
        self.key = key
        self.body = body
        self.sender = sender
    }
}

/// The command may have been sent or not.
public struct CommandNotConfirmed: Error {
    /// For the log.
    public let reason: String

    public init(reason: String) {
        self.reason = reason
    }
}
