/// The parameters of one query in PostgreSQL's binary format, one after the other.
///
/// The formats are those of the server's `…recv` functions: integers in network order; `timestamptz` in microseconds
/// since 2000-01-01; arrays as number of dimensions, whether there are NULLs, the element's OID, size and lower bound,
/// then each element behind its length (`array_recv`, src/backend/utils/adt/arrayfuncs.c).
struct ParameterBuffer {
    /// Begins with an unused byte: an empty value needs an address too, or libpq would send NULL.
    private(set) var bytes: [UInt8] = [0]
    /// The range of each parameter in `bytes`; nil for NULL.
    private(set) var ranges: [Range<Int>?] = []

    init(_ parameters: [Parameter]) {
        ranges.reserveCapacity(parameters.count)
        for parameter in parameters {
            let start = bytes.count
            ranges.append(append(parameter.value) ? start..<bytes.count : nil)
        }
    }

    /// - Returns: Whether there is a value; false for NULL.
    private mutating func append(_ value: Parameter.Value) -> Bool {
        switch value {
        case .null: return false
        case .bool(let value): append(value)
        case .int64(let value): append(value)
        case .text(let value): append(value)
        case .bytes(let value): append(value)
        case .timestamp(let value): append(timestamp: value)
        case .bools(let values): append(array: values, of: .bool, size: 1) { $0.append($1) }
        case .int64s(let values): append(array: values, of: .int8, size: 8) { $0.append($1) }
        case .optionalInt64s(let values): append(nullable: values, of: .int8, size: 8) { $0.append($1) }
        case .texts(let values): append(array: values, of: .text, size: 16) { $0.append($1) }
        case .optionalTexts(let values): append(nullable: values, of: .text, size: 16) { $0.append($1) }
        case .byteArrays(let values): append(array: values, of: .bytea, size: 32) { $0.append($1) }
        case .optionalByteArrays(let values): append(nullable: values, of: .bytea, size: 32) { $0.append($1) }
        case .timestamps(let values): append(array: values, of: .timestamptz, size: 8) { $0.append(timestamp: $1) }
        case .optionalTimestamps(let values):
            append(nullable: values, of: .timestamptz, size: 8) { $0.append(timestamp: $1) }
        }
        return true
    }

    private mutating func append(_ value: Bool) { bytes.append(value ? 1 : 0) }
    private mutating func append(_ value: String) { bytes.append(contentsOf: value.utf8) }
    private mutating func append(_ value: [UInt8]) { bytes.append(contentsOf: value) }
    private mutating func append(timestamp: Int64) { append(WireTime.wire(fromUnix: timestamp)) }

    private mutating func append<Integer: FixedWidthInteger>(_ value: Integer) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// - Parameter size: The size of an element, exact or a guess, to reserve memory once.
    private mutating func append<Element>(
        array: [Element], of type: OID, size: Int, element: (inout ParameterBuffer, Element) -> Void
    ) {
        appendArrayHeader(count: array.count, of: type, size: size)
        for value in array { appendSized(value, element) }
    }

    private mutating func append<Element>(
        nullable array: [Element?], of type: OID, size: Int, element: (inout ParameterBuffer, Element) -> Void
    ) {
        appendArrayHeader(count: array.count, of: type, size: size)
        for value in array {
            if let value { appendSized(value, element) } else { append(Int32(-1)) }
        }
    }

    private mutating func appendArrayHeader(count: Int, of type: OID, size: Int) {
        let needed = bytes.count + 20 + count * (4 + size)
        // At least doubles, or many arrays in one query would each copy everything before them.
        if bytes.capacity < needed { bytes.reserveCapacity(max(needed, 2 * bytes.capacity)) }
        append(Int32(count == 0 ? 0 : 1))
        append(Int32(0))  // the server checks for NULLs itself
        append(type.rawValue)
        guard count > 0 else { return }
        append(Int32(count))
        append(Int32(1))
    }

    private mutating func appendSized<Element>(
        _ value: Element, _ element: (inout ParameterBuffer, Element) -> Void
    ) {
        let start = bytes.count
        append(Int32(0))
        element(&self, value)
        let size = Int32(bytes.count - start - 4).bigEndian
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: size, toByteOffset: start, as: Int32.self) }
    }
}
