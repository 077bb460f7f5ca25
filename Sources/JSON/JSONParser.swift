import Basics

/// A strict JSON parser (RFC 8259): UTF-8 only, no trailing commas, no leading zeros, no lone surrogates.
///
/// Foundation's `JSONDecoder` accepts trailing commas and repeated names, and does not report where an error is.
public struct JSONParser {
    /// Deeper than any body of the contract; keeps hostile nesting off the stack.
    public static let depth = 32

    private let bytes: UnsafeRawBufferPointer
    private var offset = 0
    private var depth = 0
    private let maximumValues: Int
    private var values = 0

    /// - Parameter maximumValues: Including nested ones.
    public static func parse(
        _ bytes: UnsafeRawBufferPointer, atMost maximumValues: Int = .max
    ) throws(JSONSyntaxError) -> JSONValue {
        var parser = JSONParser(bytes: bytes, maximumValues: maximumValues)
        let value = try parser.value()
        parser.skipWhitespace()
        guard parser.peek == nil else { throw parser.error("there is data after the value") }
        return value
    }

    public static func parse(_ bytes: [UInt8]) throws(JSONSyntaxError) -> JSONValue {
        // Without a closure that throws, whose error the standard library would erase.
        try bytes.withUnsafeBytes { bytes in Result { () throws(JSONSyntaxError) in try parse(bytes) } }.get()
    }

    private init(bytes: UnsafeRawBufferPointer, maximumValues: Int) {
        self.bytes = bytes
        self.maximumValues = maximumValues
    }

    /// Bounds are checked only here: all other reads are of ranges already read.
    private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private func error(_ reason: String) -> JSONSyntaxError { JSONSyntaxError(reason: reason, offset: offset) }

    private mutating func skipWhitespace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(JSONSyntaxError) {
        guard take(character) else { throw error("'\(character)' is missing") }
    }

    private mutating func value() throws(JSONSyntaxError) -> JSONValue {
        skipWhitespace()
        guard values < maximumValues else { throw error("it has more than \(maximumValues) values") }
        values += 1
        guard let first = peek else { throw error("a value is missing") }
        switch first {
        case UInt8(ascii: "{"): return try nested { parser throws(JSONSyntaxError) in try parser.object() }
        case UInt8(ascii: "["): return try nested { parser throws(JSONSyntaxError) in try parser.array() }
        case UInt8(ascii: "\""): return .text(try text())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "t"): return try literal("true", .flag(true))
        case UInt8(ascii: "f"): return try literal("false", .flag(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: throw error("a value is missing")
        }
    }

    private mutating func nested(
        _ read: (inout JSONParser) throws(JSONSyntaxError) -> JSONValue
    ) throws(JSONSyntaxError) -> JSONValue {
        guard depth < Self.depth else { throw error("it is nested deeper than \(Self.depth)") }
        depth += 1
        offset += 1
        let value = try read(&self)
        depth -= 1
        return value
    }

    private mutating func object() throws(JSONSyntaxError) -> JSONValue {
        var members: [JSONMember] = []
        skipWhitespace()
        if take("}") { return .object(members) }
        // Only for the body, not for each of the thousands of objects that may be in it.
        if depth == 1 { members.reserveCapacity(8) }
        repeat {
            skipWhitespace()
            guard peek == UInt8(ascii: "\"") else { throw error("a name is missing") }
            let name = try text()
            skipWhitespace()
            try expect(":")
            members.append(JSONMember(name: name, value: try value()))
            skipWhitespace()
        } while take(",")
        try expect("}")
        return .object(members)
    }

    private mutating func array() throws(JSONSyntaxError) -> JSONValue {
        var elements: [JSONValue] = []
        skipWhitespace()
        if take("]") { return .array(elements) }
        repeat {
            elements.append(try value())
            skipWhitespace()
        } while take(",")
        try expect("]")
        return .array(elements)
    }

    private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
        for index in 0..<text.utf8CodeUnitCount {
            guard peek == text.utf8Start[index] else { throw error("a value is missing") }
            offset += 1
        }
        return value
    }

    private mutating func number() throws(JSONSyntaxError) -> JSONValue {
        let start = offset
        let isNegative = take("-")
        var magnitude: Int64? = 0
        let first = offset
        while let digit = digit() {
            guard offset == first + 1 || bytes[first] != UInt8(ascii: "0") else {
                throw error("a number begins with 0")
            }
            // Downwards, because the lowest integer has no positive counterpart.
            let (tens, overflows) = (magnitude ?? 0).multipliedReportingOverflow(by: 10)
            let (next, overflowsToo) = tens.subtractingReportingOverflow(digit)
            magnitude = magnitude == nil || overflows || overflowsToo ? nil : next
        }
        guard offset > first else { throw error("a digit is missing") }
        var isInteger = true
        if take(".") {
            isInteger = false
            try digits()
        }
        if take("e") || take("E") {
            isInteger = false
            if !take("+") { _ = take("-") }
            try digits()
        }
        guard isInteger, let magnitude, isNegative || magnitude > .min else {
            return .otherNumber(String(decoding: bytes[start..<offset], as: UTF8.self))
        }
        return .integer(isNegative ? magnitude : -magnitude)
    }

    private mutating func digits() throws(JSONSyntaxError) {
        guard digit() != nil else { throw error("a digit is missing") }
        while digit() != nil {}
    }

    private mutating func digit() -> Int64? {
        guard let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        offset += 1
        return Int64(byte - UInt8(ascii: "0"))
    }
}

extension JSONParser {
    private mutating func text() throws(JSONSyntaxError) -> String {
        offset += 1
        let start = offset
        while let byte = peek, byte >= 0x20 {
            if byte == UInt8(ascii: "\"") {
                guard let text = String(validating: bytes[start..<offset], as: UTF8.self) else {
                    throw JSONSyntaxError(reason: "a text is not UTF-8", offset: start)
                }
                offset += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedText(from: start) }
            offset += 1
        }
        throw error(peek == nil ? "a text does not end" : "a text has a control character")
    }

    /// The rest of a string with escapes; `start..<offset` has none.
    private mutating func escapedText(from start: Int) throws(JSONSyntaxError) -> String {
        var unescaped = Array(bytes[start..<offset])
        while let byte = peek, byte >= 0x20 {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: unescaped, as: UTF8.self) else {
                    throw JSONSyntaxError(reason: "a text is not UTF-8", offset: start)
                }
                return text
            case UInt8(ascii: "\\"):
                unescaped.append(contentsOf: UTF8.encode(try escape())!)
            default:
                unescaped.append(byte)
            }
        }
        throw error(peek == nil ? "a text does not end" : "a text has a control character")
    }

    /// The escape after a backslash.
    private mutating func escape() throws(JSONSyntaxError) -> Unicode.Scalar {
        guard let byte = peek else { throw error("a text does not end") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try escapedScalar()
        default: throw error("there is no such escape")
        }
    }

    private mutating func escapedScalar() throws(JSONSyntaxError) -> Unicode.Scalar {
        let high = try fourHexDigits()
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard high < 0xDC00, take("\\"), take("u") else { throw error("half of a surrogate pair is missing") }
        let low = try fourHexDigits()
        guard (0xDC00...0xDFFF).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
        else { throw error("half of a surrogate pair is missing") }
        return scalar
    }

    private mutating func fourHexDigits() throws(JSONSyntaxError) -> UInt32 {
        var number: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = peek?.hexDigit else {
                throw error("a hexadecimal digit is missing")
            }
            offset += 1
            number = number << 4 | UInt32(digit)
        }
        return number
    }
}
