public import NIOCore

/// A RESP2 reply (https://redis.io/docs/latest/develop/reference/protocol-spec/).
public enum RedisValue: Sendable, Hashable {
    case null
    case integer(Int64)
    /// A bulk string. A slice of the network buffer, which it keeps alive (some tens of kilobytes): copy it to keep it
    /// for long.
    case bytes(ByteBuffer)
    /// A simple string, such as `OK`.
    case status(String)
    /// An error reply inside an array or a pipeline.
    case error(String)
    case array([RedisValue])
}

extension RedisValue {
    /// The bytes of a bulk string.
    public var bytes: ByteBuffer? { if case .bytes(let bytes) = self { bytes } else { nil } }

    public var array: [RedisValue]? { if case .array(let values) = self { values } else { nil } }

    public var isNull: Bool { self == .null }

    /// An integer, or a bulk string with a decimal one, as in hashes and counters. Does not create a `String`.
    public var int64: Int64? {
        switch self {
        case .integer(let value): value
        case .bytes(let bytes): bytes.readableBytesView.withContiguousStorageIfAvailable { Int64(decimal: $0) } ?? nil
        default: nil
        }
    }

    /// A bulk or a simple string as text.
    public var string: String? {
        switch self {
        case .bytes(let bytes): String(buffer: bytes)
        case .status(let text): text
        default: nil
        }
    }

    /// The error, if this is an error reply.
    public var error: RedisError? { if case .error(let message) = self { .server(message) } else { nil } }

    /// Whether the server refused a command because it is not a master.
    var isOfReplica: Bool {
        guard case .error(let message) = self else { return false }
        return message.hasPrefix("READONLY") || message.hasPrefix("ERR WAIT cannot be used with replica")
    }

    /// Whether the server refused a command because another node of the cluster serves its slot. `ASK` does not count: the
    /// slot is still being moved.
    var isMoved: Bool {
        if case .error(let message) = self { message.hasPrefix("MOVED ") } else { false }
    }

    /// Whether the server does not have the script of an `EVALSHA`, which then had no effect.
    public var isUnknownScript: Bool {
        if case .error(let message) = self { message.hasPrefix("NOSCRIPT") } else { false }
    }
}

extension Int64 {
    /// A decimal number without blanks, sign other than `-`, or overflow.
    init?(decimal digits: some Collection<UInt8>) {
        let isNegative = digits.first == UInt8(ascii: "-")
        let magnitude = isNegative ? digits.dropFirst() : digits[...]
        guard !magnitude.isEmpty else { return nil }
        var value: Int64 = 0
        for digit in magnitude {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (shifted, isTooLong) = value.multipliedReportingOverflow(by: 10)
            let (next, isTooLarge) = shifted.subtractingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
            if isTooLong || isTooLarge { return nil }
            value = next
        }
        // Accumulated as negative, since the minimum has no positive counterpart.
        if !isNegative && value == .min { return nil }
        self = isNegative ? value : -value
    }
}
