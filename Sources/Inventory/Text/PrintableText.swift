/// Whether a text is not blank, not too long, and all of it can be seen: no control characters (not every database can
/// store U+0000), and no invisible or bidirectional ones, which make two names look the same, or one look like another.
///
/// Scripts that need joiners may use them, and emoji may use joiners and variation selectors.
public func isPrintable(_ text: String, atMost maximum: Int) -> Bool {
    let scalars = text.unicodeScalars
    // A scalar has at most four bytes, so the scalars of a text that is far too long are not counted.
    let bytes = text.utf8.count
    guard bytes <= maximum || bytes / 4 <= maximum && scalars.count <= maximum else { return false }
    var previous: Unicode.Scalar?
    var isSeen = false
    for index in scalars.indices {
        let scalar = scalars[index]
        guard scalar.value >= 0x20, !(0x7F...0x9F).contains(scalar.value), !scalar.isLineBreak else { return false }
        if scalar.isInvisible {
            let next = scalars[scalars.index(after: index)...].first
            guard let previous, scalar.isAllowed(after: previous, before: next) else { return false }
        } else if !isSeen {
            isSeen = !scalar.properties.isWhitespace
        }
        previous = scalar
    }
    return isSeen
}

extension Unicode.Scalar {
    /// The separators of lines and paragraphs, which are no controls.
    fileprivate var isLineBreak: Bool { value == 0x2028 || value == 0x2029 }

    /// Default_Ignorable_Code_Point (Unicode, DerivedCoreProperties.txt), of which U+00AD is the first.
    fileprivate var isInvisible: Bool { value >= 0xAD && properties.isDefaultIgnorableCodePoint }

    /// After RFC 5892, appendix A (joiners where they change how letters look), and UTS #51 (emoji).
    fileprivate func isAllowed(after previous: Unicode.Scalar, before next: Unicode.Scalar?) -> Bool {
        switch value {
        case 0x200C, 0x200D:
            if previous.properties.canonicalCombiningClass == .virama { return true }
            return previous.isJoined && next?.isJoined == true
        // Of text and emoji; after a digit, only in a keycap.
        case 0xFE0E, 0xFE0F:
            return previous.properties.isEmoji && (previous.value > 0x7F || next?.value == 0x20E3)
        default: return false
        }
    }

    /// Of a script with joining letters, or an emoji; Latin, Greek and Cyrillic have none.
    private var isJoined: Bool {
        value == 0xFE0F || value >= 0x0590 && !properties.isWhitespace && !isInvisible
    }
}
