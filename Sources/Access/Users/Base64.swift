#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Strict base64 (RFC 4648): no white space, no other alphabet, correct padding, and no stray bits at the end, so that
/// each byte sequence has exactly one encoding.
package enum Base64 {
    package enum Variant {
        /// With padding, as in `Authorization: Basic` (RFC 7617).
        case padded
        /// Without, as in the PHC string format.
        case unpadded
        /// For URLs and without padding, as in JOSE (RFC 7515, section 2).
        case url
    }

    package static func decode(_ text: Substring.UTF8View, _ variant: Variant) -> [UInt8]? {
        var digits = Array(text)
        if variant == .url { digits = digits.map(Self.fromURL) }
        if variant != .padded { digits += repeatElement(UInt8(ascii: "="), count: (4 - digits.count % 4) % 4) }
        guard let bytes = Data(base64Encoded: Data(digits)).map(Array.init),
            // Foundation's decoder accepts other encodings.
            encode(bytes, variant).utf8.elementsEqual(text)
        else { return nil }
        return bytes
    }

    package static func encode(_ bytes: some Sequence<UInt8>, _ variant: Variant) -> String {
        var digits = Array(Data(bytes).base64EncodedData())
        if variant != .padded { digits.removeAll { $0 == UInt8(ascii: "=") } }
        if variant == .url { digits = digits.map(Self.toURL) }
        return String(decoding: digits, as: UTF8.self)
    }

    private static func toURL(_ digit: UInt8) -> UInt8 {
        switch digit {
        case UInt8(ascii: "+"): UInt8(ascii: "-")
        case UInt8(ascii: "/"): UInt8(ascii: "_")
        default: digit
        }
    }

    private static func fromURL(_ digit: UInt8) -> UInt8 {
        switch digit {
        case UInt8(ascii: "-"): UInt8(ascii: "+")
        case UInt8(ascii: "_"): UInt8(ascii: "/")
        default: digit
        }
    }
}
