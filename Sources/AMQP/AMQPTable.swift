public import NIOCore

/// A value in a table of headers or arguments.
public enum AMQPValue: Sendable, Hashable {
    case void
    case bool(Bool)
    /// All integers, of 8 to 64 bits, are read as this one, and written with 32 or 64 bits.
    case int(Int64)
    case double(Double)
    case string(String)
    case bytes(ByteBuffer)
    /// Seconds since 1970.
    case timestamp(UInt64)
    case array([AMQPValue])
    case table([String: AMQPValue])
}

/// Headers or arguments. Those that were received stay encoded until they are read, so that one that cannot be read is
/// its reader's problem, not the connection's; and they can be sent again as they are.
public struct AMQPTable: Sendable, Hashable {
    enum Storage: Hashable {
        case values([String: AMQPValue])
        /// Without the length.
        case encoded(ByteBuffer)
    }

    /// The depth up to which arrays and tables may be nested.
    static let maximumDepth = 16

    let storage: Storage

    public init(_ values: [String: AMQPValue] = [:]) {
        storage = .values(values)
    }

    init(encoded: ByteBuffer) {
        storage = .encoded(encoded)
    }

    public var isEmpty: Bool {
        switch storage {
        case .values(let values): values.isEmpty
        case .encoded(let bytes): bytes.readableBytes == 0
        }
    }

    /// The entries; the last of those with the same key.
    /// - Throws: `.protocolViolation`, if the received bytes are not a table or nested too deeply.
    public func values() throws(AMQPError) -> [String: AMQPValue] {
        switch storage {
        case .values(let values): return values
        case .encoded(let bytes):
            var reader = FieldReader(bytes)
            return try reader.entries(depth: 0)
        }
    }
}

extension AMQPTable: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, AMQPValue)...) {
        self.init(Dictionary(elements) { _, last in last })
    }
}

extension AMQPValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .int(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}

/// The types are those of RabbitMQ, which are not those of the specification
/// (https://www.rabbitmq.com/amqp-0-9-1-errata#section_3).
extension FieldReader {
    /// All entries up to the end of the bytes.
    fileprivate mutating func entries(depth: Int) throws(AMQPError) -> [String: AMQPValue] {
        var entries: [String: AMQPValue] = [:]
        while !isAtEnd {
            let key = try shortString()
            entries[key] = try value(depth: depth)
        }
        return entries
    }

    private mutating func value(depth: Int) throws(AMQPError) -> AMQPValue {
        guard depth < AMQPTable.maximumDepth else {
            throw .malformed("a table that is nested more than \(AMQPTable.maximumDepth) deep")
        }
        let type = try integer(UInt8.self)
        switch UnicodeScalar(type) {
        case "t": return .bool(try integer(UInt8.self) != 0)
        case "b": return .int(Int64(try integer(Int8.self)))
        case "B": return .int(Int64(try integer(UInt8.self)))
        case "s": return .int(Int64(try integer(Int16.self)))
        case "u": return .int(Int64(try integer(UInt16.self)))
        case "I": return .int(Int64(try integer(Int32.self)))
        case "i": return .int(Int64(try integer(UInt32.self)))
        case "l": return .int(try integer(Int64.self))
        case "f": return .double(Double(Float(bitPattern: try integer(UInt32.self))))
        case "d": return .double(Double(bitPattern: try integer(UInt64.self)))
        case "D":
            let decimals = try integer(UInt8.self)
            return .double((0..<decimals).reduce(Double(try integer(Int32.self))) { value, _ in value / 10 })
        case "S": return .string(String(buffer: try longBytes()))
        case "x": return .bytes(try longBytes())
        case "T": return .timestamp(try integer(UInt64.self))
        case "V": return .void
        case "F":
            var nested = FieldReader(try longBytes())
            return .table(try nested.entries(depth: depth + 1))
        case "A":
            var nested = FieldReader(try longBytes())
            var values: [AMQPValue] = []
            while !nested.isAtEnd { values.append(try nested.value(depth: depth + 1)) }
            return .array(values)
        default: throw .malformed("a table with a value of the unknown type \(type)")
        }
    }
}

extension ByteBuffer {
    mutating func writeTable(_ table: AMQPTable) throws(AMQPError) {
        switch table.storage {
        case .values(let values): try writeTable(values, depth: 0)
        case .encoded(let bytes):
            writeInteger(UInt32(bytes.readableBytes))
            writeImmutableBuffer(bytes)
        }
    }

    private mutating func writeTable(_ values: [String: AMQPValue], depth: Int) throws(AMQPError) {
        try writeWithLength { (bytes) throws(AMQPError) in
            for (key, value) in values {
                try bytes.writeShortString(key)
                try bytes.writeValue(value, depth: depth)
            }
        }
    }

    private mutating func writeValue(_ value: AMQPValue, depth: Int) throws(AMQPError) {
        guard depth < AMQPTable.maximumDepth else {
            throw .invalid("a table is nested more than \(AMQPTable.maximumDepth) deep")
        }
        switch value {
        case .void: writeType("V")
        case .bool(let value):
            writeType("t")
            writeInteger(UInt8(value ? 1 : 0))
        case .int(let value):
            // RabbitMQ takes either for arguments such as x-max-length; old clients know no l.
            if let short = Int32(exactly: value) {
                writeType("I")
                writeInteger(short)
            } else {
                writeType("l")
                writeInteger(value)
            }
        case .double(let value):
            writeType("d")
            writeInteger(value.bitPattern)
        case .string(let value):
            writeType("S")
            writeLongString(value)
        case .bytes(let value):
            writeType("x")
            writeInteger(UInt32(value.readableBytes))
            writeImmutableBuffer(value)
        case .timestamp(let value):
            writeType("T")
            writeInteger(value)
        case .array(let values):
            writeType("A")
            try writeWithLength { (bytes) throws(AMQPError) in
                for value in values { try bytes.writeValue(value, depth: depth + 1) }
            }
        case .table(let values):
            writeType("F")
            try writeTable(values, depth: depth + 1)
        }
    }

    private mutating func writeType(_ type: Unicode.Scalar) {
        writeInteger(UInt8(ascii: type))
    }
}
