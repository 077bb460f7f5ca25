import Basics

/// The format of a response.
enum MediaType: String, Sendable {
    case json = "application/json"
    case csv = "text/csv"
    case health = "application/health+json"
    case eventStream = "text/event-stream"
    case metrics = "text/plain"
    case openMetrics = "application/openmetrics-text"

    /// The one of `formats` that an `Accept` header (RFC 9110, section 12.5.1) prefers, the first of equals; `nil` if
    /// none is acceptable. Only the first 32 ranges count.
    static func preferred(of formats: [MediaType], by accept: String?) -> MediaType? {
        guard let accept, accept != "*/*", accept != formats[0].rawValue else { return formats[0] }
        let ranges = accept.listMembers(atMost: 32).map(MediaRange.init)
        guard !ranges.isEmpty else { return formats[0] }
        var best: (format: MediaType, quality: Double)?
        for format in formats {
            // The most specific range that matches decides.
            let range = ranges.filter { $0.matches(format) }.max { $0.specificity < $1.specificity }
            if let range, range.quality > best?.quality ?? 0 { best = (format, range.quality) }
        }
        return best?.format
    }

    /// Whether a `Content-Type` header says that a body is JSON.
    static func isJSON(_ contentType: String?) -> Bool {
        guard let contentType else { return false }
        if contentType == json.rawValue { return true }
        return contentType.utf8.prefix { $0 != UInt8(ascii: ";") }.text.trimmed.utf8.spells(json.rawValue)
    }
}

/// As `text/*;q=0.5`.
private struct MediaRange {
    private let range: Substring.UTF8View
    let quality: Double

    init(_ text: Substring) {
        // A weight has five characters (RFC 9110, section 12.4.2), and comes behind a few parameters.
        let parts = text.utf8.split(separator: UInt8(ascii: ";"), maxSplits: 8).map(\.text.trimmed.utf8)
        range = parts.first ?? Substring().utf8
        let weight = parts.dropFirst().first { $0.prefix(2).spells("q=") }
        quality = weight.map { Double($0.dropFirst(2).prefix(8).text) ?? 0 } ?? 1
    }

    func matches(_ format: MediaType) -> Bool {
        switch specificity {
        case 0: true
        case 1: range.dropLast().spells(String(format.rawValue.prefix(range.count - 1)))
        default: range.spells(format.rawValue)
        }
    }

    var specificity: Int {
        range.elementsEqual("*/*".utf8) ? 0 : range.suffix(2).elementsEqual("/*".utf8) ? 1 : 2
    }
}

extension String {
    /// The members of a header that is a list (RFC 9110, section 5.6.1).
    func listMembers(atMost maximum: Int = .max) -> [Substring] {
        utf8.split(separator: UInt8(ascii: ","), maxSplits: maximum).prefix(maximum).map(\.text.trimmed)
    }
}

extension Substring {
    /// Without the whitespace that HTTP allows around the parts of a header.
    var trimmed: Substring {
        func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let start = utf8.drop(while: isSpace)
        return start[..<(start.lastIndex { !isSpace($0) }.map(start.index(after:)) ?? start.startIndex)].text
    }
}
