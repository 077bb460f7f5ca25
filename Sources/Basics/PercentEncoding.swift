extension StringProtocol {
    /// All but the unreserved characters as `%41` (RFC 3986, sections 2.1 and 2.3).
    package var percentEncoded: String {
        utf8.reduce(into: "") { encoded, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                encoded += "%" + CollectionOfOne(byte).hexadecimal.uppercased()
            }
        }
    }

    /// The text that is percent-encoded here; `nil` if it is none, or no UTF-8.
    /// - Parameter plusIsSpace: As forms are encoded, and so queries, but not paths.
    package func percentDecoded(plusIsSpace: Bool = false) -> String? {
        percentDecodedBytes(plusIsSpace: plusIsSpace).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// `nil` if a `%` is not followed by two hexadecimal digits.
    package func percentDecodedBytes(plusIsSpace: Bool = false) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+") where plusIsSpace:
                bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst()?.hexDigit, let low = rest.popFirst()?.hexDigit else { return nil }
                bytes.append(high << 4 | low)
            default:
                bytes.append(byte)
            }
        }
        return bytes
    }
}
