/// An output for JSON: an array of bytes, or the HTTP server's `ByteBuffer`.
public protocol JSONOutput {
    mutating func append(byte: UInt8)
    mutating func append(ascii: StaticString)
    mutating func append(bytes: UnsafeBufferPointer<UInt8>)
}

/// Writes JSON (RFC 8259) straight into its output: no tree, no intermediate strings.
///
/// It inserts commas; the caller opens and closes objects and arrays.
public struct JSONWriter<Output: JSONOutput> {
    public var output: Output
    /// Whether the next key or element follows another one.
    @usableFromInline var needsComma = false

    @inlinable
    public init(output: Output) { self.output = output }

    @inlinable
    public mutating func openObject() { open(UInt8(ascii: "{")) }
    @inlinable
    public mutating func closeObject() { close(UInt8(ascii: "}")) }
    @inlinable
    public mutating func openArray() { open(UInt8(ascii: "[")) }
    @inlinable
    public mutating func closeArray() { close(UInt8(ascii: "]")) }

    @inlinable
    public mutating func key(_ key: StaticString) {
        separate()
        output.append(byte: UInt8(ascii: "\""))
        output.append(ascii: key)
        output.append(ascii: "\":")
        needsComma = false
    }

    /// A key that is not a literal, so it is escaped.
    @inlinable
    public mutating func key(text key: String) {
        value(key)
        output.append(byte: UInt8(ascii: ":"))
        needsComma = false
    }

    @inlinable
    public mutating func value(_ number: Int64) {
        separate()
        writeUnquoted(number)
    }

    @inlinable
    public mutating func value(_ flag: Bool) {
        separate()
        output.append(ascii: flag ? "true" : "false")
    }

    @inlinable
    public mutating func value(_ text: String) {
        separate()
        output.append(byte: UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { writeEscaped($0) }
        output.append(byte: UInt8(ascii: "\""))
    }

    @inlinable
    public mutating func null() {
        separate()
        output.append(ascii: "null")
    }

    /// Writes text that is already JSON.
    @inlinable
    public mutating func value(json text: String) {
        separate()
        var text = text
        text.withUTF8 { output.append(bytes: $0) }
    }

    /// Begins a value that the caller writes to the output directly.
    @inlinable
    public mutating func separate() {
        if needsComma { output.append(byte: UInt8(ascii: ",")) }
        needsComma = true
    }

    @inlinable
    mutating func open(_ bracket: UInt8) {
        separate()
        output.append(byte: bracket)
        needsComma = false
    }

    @inlinable
    mutating func close(_ bracket: UInt8) {
        output.append(byte: bracket)
        needsComma = true
    }
}

extension JSONWriter {
    @inlinable
    public mutating func field(_ key: StaticString, _ number: Int64) {
        self.key(key)
        value(number)
    }

    @inlinable
    public mutating func field(_ key: StaticString, _ flag: Bool) {
        self.key(key)
        value(flag)
    }

    @inlinable
    public mutating func field(_ key: StaticString, _ text: String) {
        self.key(key)
        value(text)
    }

    /// `null` for `nil`: the field is always present.
    @inlinable
    public mutating func nullableField(_ key: StaticString, _ text: String?) {
        self.key(key)
        if let text { value(text) } else { null() }
    }

    /// Omits the field for `nil`.
    @inlinable
    public mutating func optionalField(_ key: StaticString, _ text: String?) {
        if let text { field(key, text) }
    }
}

extension JSONWriter {
    @inlinable
    mutating func writeUnquoted(_ number: Int64) {
        writeDigits(number.magnitude, width: 1, negative: number < 0)
    }

    /// Decimal digits with leading zeros up to `width`.
    @inlinable
    public mutating func writeDigits(_ magnitude: UInt64, width: Int, negative: Bool = false) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { digits in
            var start = digits.count
            var rest = magnitude
            repeat {
                start -= 1
                digits.initializeElement(at: start, to: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
                rest /= 10
            } while rest > 0 || digits.count - start < width
            if negative {
                start -= 1
                digits.initializeElement(at: start, to: UInt8(ascii: "-"))
            }
            output.append(bytes: UnsafeBufferPointer(rebasing: digits[start...]))
        }
    }

    /// Writes runs of plain bytes whole; escapes the quote, the backslash and the control characters.
    @inlinable
    mutating func writeEscaped(_ text: UnsafeBufferPointer<UInt8>) {
        var start = 0
        for (index, byte) in text.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
            output.append(bytes: UnsafeBufferPointer(rebasing: text[start..<index]))
            start = index + 1
            switch byte {
            case 0x22: output.append(ascii: "\\\"")
            case 0x5C: output.append(ascii: "\\\\")
            case 0x0A: output.append(ascii: "\\n")
            case 0x0D: output.append(ascii: "\\r")
            case 0x09: output.append(ascii: "\\t")
            default:
                output.append(ascii: "\\u00")
                output.append(byte: hexDigit(byte >> 4))
                output.append(byte: hexDigit(byte & 15))
            }
        }
        output.append(bytes: UnsafeBufferPointer(rebasing: text[start...]))
    }

    @inlinable
    func hexDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }
}

extension [UInt8]: JSONOutput {
    @inlinable
    public mutating func append(byte: UInt8) { append(byte) }

    @inlinable
    public mutating func append(ascii: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: ascii.utf8Start, count: ascii.utf8CodeUnitCount))
    }

    @inlinable
    public mutating func append(bytes: UnsafeBufferPointer<UInt8>) { append(contentsOf: bytes) }
}

extension String {
    /// The JSON text that `write` writes.
    public init(json write: (inout JSONWriter<[UInt8]>) -> Void) {
        var json = JSONWriter<[UInt8]>(output: [])
        write(&json)
        self.init(decoding: json.output, as: UTF8.self)
    }
}
