/// One row. Columns are counted from 0.
///
/// Reading a column as the wrong type, or NULL as a value, throws ``PostgresError`` of kind `unreadable`: a bug in the
/// program, or a schema that a newer program has changed meanwhile.
public struct Row {
    let rows: Rows
    let index: Int

    /// A `bigint`, `integer` or `smallint`.
    public func int64(_ column: Int) throws(PostgresError) -> Int64 { try require(optionalInt64(column), column) }
    /// A `text`, `varchar`, `char(n)`, `name` or `json`.
    public func text(_ column: Int) throws(PostgresError) -> String { try require(optionalText(column), column) }
    /// A `bytea`.
    public func bytes(_ column: Int) throws(PostgresError) -> [UInt8] { try require(optionalBytes(column), column) }
    /// A `boolean`.
    public func bool(_ column: Int) throws(PostgresError) -> Bool { try require(optionalBool(column), column) }
    /// A `timestamptz`, in microseconds since 1970-01-01 UTC. `Int64.max` and `.min` are `infinity` and `-infinity`.
    public func timestamp(_ column: Int) throws(PostgresError) -> Int64 {
        try require(optionalTimestamp(column), column)
    }

    public func optionalInt64(_ column: Int) throws(PostgresError) -> Int64? {
        switch try rows.type(column) {
        case .int8: try integer(column, Int64.self)
        case .int4: try integer(column, Int32.self).map(Int64.init)
        case .int2: try integer(column, Int16.self).map(Int64.init)
        case let type: throw mismatch(column, type, "an integer")
        }
    }

    public func optionalText(_ column: Int) throws(PostgresError) -> String? {
        switch try rows.type(column) {
        case .text, .varchar, .bpchar, .name, .json:
            rows.value(index, column).map { String(decoding: $0, as: UTF8.self) }
        case let type: throw mismatch(column, type, "text")
        }
    }

    public func optionalBytes(_ column: Int) throws(PostgresError) -> [UInt8]? {
        try value(column, .bytea).map { [UInt8]($0) }
    }

    public func optionalBool(_ column: Int) throws(PostgresError) -> Bool? {
        guard let bytes = try value(column, .bool) else { return nil }
        guard bytes.count == 1 else { throw cutOff(column) }
        return bytes[0] != 0
    }

    public func optionalTimestamp(_ column: Int) throws(PostgresError) -> Int64? {
        _ = try value(column, .timestamptz)
        return try integer(column, Int64.self).map(WireTime.unix(fromWire:))
    }

    /// A `bigint[]` of at most one dimension, without NULLs.
    public func int64s(_ column: Int) throws(PostgresError) -> [Int64] { try require(optionalInt64s(column), column) }

    /// As ``int64s(_:)``, or NULL.
    public func optionalInt64s(_ column: Int) throws(PostgresError) -> [Int64]? {
        try elements(column, .int8Array) { $0.bigEndian(Int64.self) }
    }

    /// A `text[]` of at most one dimension, without NULLs.
    public func texts(_ column: Int) throws(PostgresError) -> [String] {
        try require(elements(column, .textArray) { String(decoding: $0, as: UTF8.self) }, column)
    }
}

extension Row {
    private func value(_ column: Int, _ type: OID) throws(PostgresError) -> UnsafeRawBufferPointer? {
        let found = try rows.type(column)
        guard found == type else { throw mismatch(column, found, "\(type)") }
        return rows.value(index, column)
    }

    /// Decodes an integer, `nil` for NULL.
    private func integer<Integer: FixedWidthInteger>(
        _ column: Int, _ type: Integer.Type
    ) throws(PostgresError) -> Integer? {
        guard let bytes = rows.value(index, column) else { return nil }
        guard let integer = bytes.bigEndian(type) else { throw cutOff(column) }
        return integer
    }

    /// The elements of an array, `nil` for NULL; see ``ParameterBuffer`` for the format.
    private func elements<Element>(
        _ column: Int, _ type: OID, _ element: (UnsafeRawBufferPointer) -> Element?
    ) throws(PostgresError) -> [Element]? {
        guard var rest = try value(column, type)?[...] else { return nil }
        func next(_ count: Int32) throws(PostgresError) -> UnsafeRawBufferPointer {
            guard count >= 0, count <= rest.count else { throw cutOff(column) }
            defer { rest = rest.dropFirst(Int(count)) }
            return UnsafeRawBufferPointer(rebasing: rest.prefix(Int(count)))
        }
        func number() throws(PostgresError) -> Int32 {
            guard let number = try next(4).bigEndian(Int32.self) else { throw cutOff(column) }
            return number
        }
        let dimensions = try number()
        _ = try next(8)
        guard dimensions > 0 else { return [] }
        guard dimensions == 1 else { throw rows.unreadable(column, "is an array of \(dimensions) dimensions") }
        let count = try number()
        _ = try number()
        var elements: [Element] = []
        elements.reserveCapacity(min(Int(max(0, count)), rest.count / 4))
        for _ in 0..<max(0, count) {
            let size = try number()
            guard size >= 0 else { throw rows.unreadable(column, "is an array with a NULL in it") }
            guard let element = element(try next(size)) else { throw cutOff(column) }
            elements.append(element)
        }
        return elements
    }

    private func require<T>(_ value: T?, _ column: Int) throws(PostgresError) -> T {
        guard let value else { throw rows.unreadable(column, "is NULL and was not read as optional") }
        return value
    }

    private func mismatch(_ column: Int, _ found: OID, _ wanted: String) -> PostgresError {
        rows.unreadable(column, "is \(found), not \(wanted)")
    }

    private func cutOff(_ column: Int) -> PostgresError {
        rows.unreadable(column, "has another length than its type")
    }
}

extension UnsafeRawBufferPointer {
    /// Decodes an integer in network order; `nil` if the number of bytes is wrong.
    fileprivate func bigEndian<Integer: FixedWidthInteger>(_: Integer.Type) -> Integer? {
        guard count == MemoryLayout<Integer>.size else { return nil }
        return Integer(bigEndian: loadUnaligned(as: Integer.self))
    }
}
