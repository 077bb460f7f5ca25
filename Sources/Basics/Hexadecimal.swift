extension Sequence<UInt8> {
    /// Two lowercase digits for each byte.
    @inlinable
    package var hexadecimal: String {
        var digits: [UInt8] = []
        digits.reserveCapacity(2 * underestimatedCount)
        for byte in self {
            digits.append(UInt8(hexDigitOf: byte >> 4))
            digits.append(UInt8(hexDigitOf: byte & 0xF))
        }
        return String(decoding: digits, as: UTF8.self)
    }
}

extension [UInt8] {
    /// From two hexadecimal digits for each of `count` bytes; `nil` for anything else.
    package init?(hexadecimal text: some Collection<UInt8>, count: Int) {
        let digits = text.compactMap(\.hexDigit)
        guard digits.count == 2 * count, text.count == digits.count else { return nil }
        self = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

extension UInt8 {
    /// The lowercase digit that stands for a number below 16.
    @inlinable
    package init(hexDigitOf number: UInt8) {
        self = number < 10 ? UInt8(ascii: "0") + number : UInt8(ascii: "a") + (number - 10)
    }

    /// What this byte stands for as a hexadecimal digit, if it is one.
    package var hexDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
