extension String {
    /// The width of the text in terminal columns.
    var columns: Int { reduce(0) { $0 + $1.columns } }

    /// Replaces control characters, so that a product's name cannot control the terminal.
    var withoutControls: String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        var visible = String.UnicodeScalarView()
        for scalar in unicodeScalars { visible.append(scalar.isControl ? "\u{FFFD}" : scalar) }
        return String(visible)
    }
}

extension Character {
    /// Two for an emoji, however many scalars it has. Otherwise the sum of its letters, without marks: two for an East
    /// Asian letter, one for any other; an Indic syllable may have several.
    var columns: Int {
        // The emoji selector makes the preceding scalar an emoji.
        if unicodeScalars.first?.properties.isEmojiPresentation == true || unicodeScalars.contains("\u{FE0F}") {
            return 2
        }
        return unicodeScalars.reduce(0) { $0 + $1.columns }
    }
}

extension Unicode.Scalar {
    fileprivate var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }

    fileprivate var columns: Int {
        if value < 0x7F { return 1 }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .format, .control: return 0
        default: return isJoined ? 0 : isWide ? 2 : 1
        }
    }

    /// The wide and fullwidth characters of Unicode's East Asian Width (UAX #11), in whole blocks where a block has
    /// nothing else.
    private var isWide: Bool { Self.wide.contains { $0.contains(value) } }

    /// The vowels and final consonants of Hangul, which are drawn in the square of their leading consonant.
    private var isJoined: Bool { (0x1160...0x11FF).contains(value) }

    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F,  // the leading consonants of Hangul, which carry a syllable's other letters
        0x2E80...0x303E,  // radicals, ideographic punctuation
        0x3041...0x33FF,  // kana, Bopomofo, Hangul letters, CJK in circles and squares
        0x3400...0x4DBF, 0x4E00...0x9FFF,  // ideographs
        0xA000...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,  // Yi, Hangul
        0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F,  // compatibility and vertical forms
        0xFF01...0xFF60, 0xFFE0...0xFFE6,  // fullwidth forms
        0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF,  // Tangut, Khitan, historic kana
        0x1F200...0x1F2FF, 0x20000...0x3FFFD,  // ideographs in squares, further ideographs
    ]
}
