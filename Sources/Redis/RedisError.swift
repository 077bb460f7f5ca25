/// Why a command was not answered, or how the server refused it.
///
/// A command that failed with `.connection`, `.timeout` or `.cancelled` may have taken effect all the same.
public struct RedisError: Error, Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// The server refused the command, in these words: `WRONGTYPE Operation against a key…`.
        case server(message: String)
        /// There is no connection, or it was lost.
        case connection
        /// No answer within ``RedisConfiguration/commandTimeout``.
        case timeout
        /// Too many commands wait for their replies already. This one was not sent.
        case overloaded
        /// The server said something that is not RESP2, or more than ``RedisConfiguration/maximumReplyBytes``.
        case protocolViolation
        /// The connection leads to another server than the one the command was made for. It was not sent.
        case serverChanged
        /// The caller's task was cancelled.
        case cancelled
        /// The client was closed.
        case closed
    }

    public let kind: Kind
    /// May name hosts and users, never a password.
    public let message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The first word of what the server said, such as `NOSCRIPT` or `READONLY`; nil if it was not the server.
    public var serverCode: Substring? {
        guard case .server(let message) = kind else { return nil }
        return message.prefix { $0 != " " }
    }
}

extension RedisError: CustomStringConvertible {
    public var description: String { message }
}

extension RedisError {
    static let closed = RedisError(.closed, "the Redis client is closed")
    static let cancelled = RedisError(.cancelled, "the caller was cancelled")
    static let timeout = RedisError(.timeout, "Redis did not answer in time")
    static let serverChanged = RedisError(.serverChanged, "connected to another Redis than the command was made for")

    static func server(_ message: String) -> RedisError { RedisError(.server(message: message), message) }
}
