/// Whether a text is not blank, not too long and free of control characters: not every database can
/// store U+0000, and no name or note needs the others.
public func isPrintable(_ text: String, atMost maximum: Int) -> Bool {
    let scalars = text.unicodeScalars
    // A scalar has at most four bytes, so the scalars of a text that is far too long are not counted.
    let bytes = text.utf8.count
    guard bytes <= maximum || bytes / 4 <= maximum && scalars.count <= maximum else { return false }
    return scalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
        && scalars.contains { !$0.properties.isWhitespace }
}
