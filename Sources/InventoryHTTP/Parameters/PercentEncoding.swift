import Inventory
import JSON

extension Substring {
    /// Decodes percent-encoding (RFC 3986, section 2.1); `nil` if it is malformed or the result is not UTF-8.
    /// - Parameter plusIsSpace: For queries, which are encoded like forms, but not for paths.
    func percentDecoded(plusIsSpace: Bool) -> String? {
        var bytes: [UInt8] = []
        var rest = utf8
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
        return String(validating: bytes, as: UTF8.self)
    }
}
