public import NIOCore

/// A command and its arguments: `RedisCommand("HMGET", .string(key), "*", .integer(product))`.
public struct RedisCommand: Sendable {
    let name: StaticString
    let arguments: [RedisArgument]

    public init(_ name: StaticString, _ arguments: RedisArgument...) {
        self.init(name, arguments)
    }

    public init(_ name: StaticString, _ arguments: [RedisArgument]) {
        self.name = name
        self.arguments = arguments
    }
}

/// A part of a command. Written to the buffer without an intermediate copy.
public enum RedisArgument: Sendable, ExpressibleByStringLiteral {
    case literal(StaticString)
    case string(String)
    case bytes(ByteBuffer)
    /// In decimal.
    case integer(Int64)

    public init(stringLiteral value: StaticString) {
        self = .literal(value)
    }
}
