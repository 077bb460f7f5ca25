/// One row. Columns are counted from 0.
///
/// Reading a column as what it is not, or NULL as a value, is a mistake in the program and ends it with a message.
public struct Row {
    let rows: Rows
    let index: Int

    /// A `bigint`, `integer` or `smallint`.
    public func int64(_ column: Int) -> Int64 { require(optionalInt64(column), column) }
    /// A `text`, `varchar`, `char(n)`, `name` or `json`.
    public func text(_ column: Int) -> String { require(optionalText(column), column) }
    /// A `bytea`.
    public func bytes(_ column: Int) -> [UInt8] { require(optionalBytes(column), column) }
    /// A `boolean`.
    public func bool(_ column: Int) -> Bool { require(optionalBool(column), column) }
    /// A `timestamptz`, in microseconds since 1970-01-01 UTC. `Int64.max` and `.min` are `infinity` and `-infinity`.
    public func timestamp(_ column: Int) -> Int64 { require(optionalTimestamp(column), column) }

    public func optionalInt64(_ column: Int) -> Int64? {
        switch rows.type(column) {
        case .int8: rows.value(index, column)?.bigEndian(Int64.self)
        case .int4: (rows.value(index, column)?.bigEndian(Int32.self)).map(Int64.init)
        case .int2: (rows.value(index, column)?.bigEndian(Int16.self)).map(Int64.init)
        case let type: mismatch(column, type, "an integer")
        }
    }

    public func optionalText(_ column: Int) -> String? {
        switch rows.type(column) {
        case .text, .varchar, .bpchar, .name, .json:
            rows.value(index, column).map { String(decoding: $0, as: UTF8.self) }
        case let type: mismatch(column, type, "text")
        }
    }

    public func optionalBytes(_ column: Int) -> [UInt8]? { value(column, .bytea).map { [UInt8]($0) } }

    public func optionalBool(_ column: Int) -> Bool? { value(column, .bool).map { $0[0] != 0 } }

    public func optionalTimestamp(_ column: Int) -> Int64? {
        (value(column, .timestamptz)?.bigEndian(Int64.self)).map(Timestamp.unix(fromWire:))
    }

    /// A `bigint[]` of at most one dimension, without NULLs.
    public func int64s(_ column: Int) -> [Int64] { require(optionalInt64s(column), column) }

    /// As ``int64s(_:)``, or NULL.
    public func optionalInt64s(_ column: Int) -> [Int64]? {
        elements(column, .int8Array) { $0.bigEndian(Int64.self) }
    }

    /// A `text[]` of at most one dimension, without NULLs.
    public func texts(_ column: Int) -> [String] {
        require(elements(column, .textArray) { String(decoding: $0, as: UTF8.self) }, column)
    }
}

extension Row {
    private func value(_ column: Int, _ type: OID) -> UnsafeRawBufferPointer? {
        let found = rows.type(column)
        guard found == type else { mismatch(column, found, "\(type)") }
        return rows.value(index, column)
    }

    /// The elements of an array, nil for NULL; see ``ParameterBuffer`` for the format.
    private func elements<Element>(
        _ column: Int, _ type: OID, _ element: (UnsafeRawBufferPointer) -> Element
    ) -> [Element]? {
        guard var rest = value(column, type)?[...] else { return nil }
        func next(_ count: Int) -> UnsafeRawBufferPointer {
            defer { rest = rest.dropFirst(count) }
            return UnsafeRawBufferPointer(rebasing: rest.prefix(count))
        }
        let dimensions = next(12).bigEndian(Int32.self)
        guard dimensions > 0 else { return [] }
        precondition(dimensions == 1, "\(rows.label(column)) is an array of \(dimensions) dimensions")
        let count = next(8).bigEndian(Int32.self)
        return (0..<count).map { _ in
            let size = next(4).bigEndian(Int32.self)
            precondition(size >= 0, "\(rows.label(column)) is an array with a NULL in it")
            return element(next(Int(size)))
        }
    }

    private func require<T>(_ value: T?, _ column: Int) -> T {
        guard let value else { preconditionFailure("\(rows.label(column)) is NULL and was not read as optional") }
        return value
    }

    private func mismatch(_ column: Int, _ found: OID, _ wanted: String) -> Never {
        preconditionFailure("\(rows.label(column)) is \(found), not \(wanted)")
    }
}

extension UnsafeRawBufferPointer {
    /// The integer at the start, from network order.
    fileprivate func bigEndian<Integer: FixedWidthInteger>(_: Integer.Type) -> Integer {
        Integer(bigEndian: loadUnaligned(as: Integer.self))
    }
}
