/// Why a command failed.
///
/// A command that failed with `.connection`, `.timeout` or `.cancelled` may still have taken effect.
public struct RedisError: Error, Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// The server's error message: `WRONGTYPE Operation against a key…`.
        case server(message: String)
        /// There is no connection, or it was lost.
        case connection
        /// No reply within ``RedisConfiguration/commandTimeout``.
        case timeout
        /// Too many commands are pending. This one was not sent.
        case overloaded
        /// The server sent invalid RESP2, or more than ``RedisConfiguration/maximumReplyBytes``.
        case protocolViolation
        /// The connection leads to another server than the command requires. It was not sent.
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

    /// The first word of the server's error, such as `NOSCRIPT` or `READONLY`; nil for other errors.
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
