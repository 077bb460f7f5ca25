extension String {
    /// As a field of comma-separated values (RFC 4180): in quotation marks if necessary. Byte by byte, because a quotation
    /// mark and a combining character after it are one `Character`.
    public var quotedForCSV: String {
        guard utf8.contains(where: { "\",\r\n".utf8.contains($0) }) else { return self }
        let quote = UInt8(ascii: "\"")
        let doubled = utf8.flatMap { $0 == quote ? [quote, quote] : [$0] }
        return "\"\(String(decoding: doubled, as: UTF8.self))\""
    }
}

/// Texts in files that people open with a spreadsheet, which takes a cell for a formula if it begins with one of some
/// characters (OWASP, "CSV Injection"). Such a cell gets an apostrophe. One that begins with apostrophes and then such a
/// character gets one more, so that each text can be recovered.
extension String {
    public var escapedForSpreadsheets: String { countingApostrophes { $0 + 1 } }

    public var unescapedFromSpreadsheets: String {
        utf8.contains(UInt8(ascii: "'")) ? countingApostrophes { max(0, $0 - 1) } : self
    }

    /// The last four are the wide forms, which some spreadsheets take for the others.
    private static let formulaStarts: Set<Unicode.Scalar> = [
        "=", "+", "-", "@", "\t", "\r", "\n", "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}",
    ]
    /// Besides the comma, whose fields are quoted. Where lists are separated by semicolons, so are a spreadsheet's cells.
    private static let separators: Set<Unicode.Scalar> = [";", "\t", "\r", "\n"]

    /// - Parameter count: From the apostrophes in front of a formula to those that it is to have.
    private func countingApostrophes(_ count: (Int) -> Int) -> String {
        var result = UnicodeScalarView()
        // Since the beginning of a cell; nil after something else.
        var apostrophes: Int? = 0
        for scalar in unicodeScalars {
            if let found = apostrophes {
                if scalar == "'" {
                    apostrophes = found + 1
                    continue
                }
                let written = Self.formulaStarts.contains(scalar) ? count(found) : found
                result.append(contentsOf: repeatElement("'", count: written))
            }
            result.append(scalar)
            apostrophes = Self.separators.contains(scalar) ? 0 : nil
        }
        result.append(contentsOf: repeatElement("'", count: apostrophes ?? 0))
        return String(result)
    }
}
