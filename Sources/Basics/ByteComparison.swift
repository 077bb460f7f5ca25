extension StringProtocol {
    /// Whether both texts consist of the same bytes.
    ///
    /// `==` compares Unicode in its normal form, which takes tens of milliseconds for a letter with 500,000 accents.
    /// Texts from outside are compared with this.
    @inlinable
    package func hasSameBytes(as other: some StringProtocol) -> Bool {
        utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
    }
}

extension Sequence<UInt8> {
    /// Whether these are the bytes of a text in lower case, whatever the case of their ASCII letters.
    package func spells(_ lowercase: String) -> Bool {
        elementsEqual(lowercase.utf8) { byte, expected in
            ((0x41...0x5A).contains(byte) ? byte | 0x20 : byte) == expected
        }
    }
}

extension String {
    /// At most the first 50 scalars, for messages that repeat what a client sent.
    package var excerpt: String {
        let start = unicodeScalars.prefix(50)
        return start.endIndex == endIndex ? self : String(start) + "…"
    }
}
