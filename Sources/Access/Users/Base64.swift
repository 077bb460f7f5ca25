/// Base64 by the letter (RFC 4648): no white space, no other alphabet, padding only where it belongs, and no stray bits
/// at the end, so that bytes have one spelling and no other.
package enum Base64 {
    package enum Variant {
        /// With padding, as in `Authorization: Basic` (RFC 7617).
        case padded
        /// Without, as in the PHC string format.
        case unpadded
        /// For URLs and without padding, as in JOSE (RFC 7515, section 2).
        case url

        fileprivate var lastDigits: (UInt8, UInt8) {
            self == .url ? (UInt8(ascii: "-"), UInt8(ascii: "_")) : (UInt8(ascii: "+"), UInt8(ascii: "/"))
        }
    }

    package static func decode(_ text: Substring.UTF8View, _ variant: Variant) -> [UInt8]? {
        var digits = text
        if variant == .padded {
            guard text.count.isMultiple(of: 4) else { return nil }
            for _ in 0..<2 where digits.last == UInt8(ascii: "=") { digits.removeLast() }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count * 3 / 4)
        var (bits, count): (UInt32, Int) = (0, 0)
        for digit in digits {
            guard let value = value(of: digit, variant) else { return nil }
            bits = bits << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
                bits &= (1 << count) - 1
            }
        }
        // A digit that brings no byte, or bits that belong to none.
        guard count < 6, bits == 0 else { return nil }
        return bytes
    }

    package static func encode(_ bytes: some Sequence<UInt8>, _ variant: Variant) -> String {
        var digits: [UInt8] = []
        var (bits, count): (UInt32, Int) = (0, 0)
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                digits.append(digit(for: bits >> count, variant))
                bits &= (1 << count) - 1
            }
        }
        if count > 0 { digits.append(digit(for: bits << (6 - count), variant)) }
        if variant == .padded {
            while !digits.count.isMultiple(of: 4) { digits.append(UInt8(ascii: "=")) }
        }
        return String(decoding: digits, as: UTF8.self)
    }

    private static func value(of digit: UInt8, _ variant: Variant) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
        case variant.lastDigits.0: 62
        case variant.lastDigits.1: 63
        default: nil
        }
    }

    private static func digit(for value: UInt32, _ variant: Variant) -> UInt8 {
        switch value {
        case 0..<26: UInt8(ascii: "A") + UInt8(value)
        case 26..<52: UInt8(ascii: "a") + UInt8(value - 26)
        case 52..<62: UInt8(ascii: "0") + UInt8(value - 52)
        case 62: variant.lastDigits.0
        default: variant.lastDigits.1
        }
    }
}
