/// The format of a response.
enum MediaType: String, Sendable {
    case json = "application/json"
    case csv = "text/csv"
    case health = "application/health+json"

    /// The one of `formats` that an `Accept` header (RFC 9110, section 12.5.1) prefers, the first of equals; `nil` if
    /// none is acceptable.
    static func preferred(of formats: [MediaType], by accept: String?) -> MediaType? {
        guard let accept, accept != "*/*", accept != formats[0].rawValue else { return formats[0] }
        let ranges = accept.lowercased().split(separator: ",").map(MediaRange.init)
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
        return contentType.prefix { $0 != ";" }.trimmed.lowercased() == json.rawValue
    }
}

/// As `text/*;q=0.5`, in lower case.
private struct MediaRange {
    private let range: Substring
    let quality: Double

    init(_ text: Substring) {
        let parts = text.split(separator: ";").map(\.trimmed)
        range = parts.first ?? ""
        let weight = parts.dropFirst().first { $0.hasPrefix("q=") }
        quality = weight.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
    }

    func matches(_ format: MediaType) -> Bool {
        range == "*/*" || range == format.rawValue
            || range.hasSuffix("/*") && format.rawValue.hasPrefix(range.dropLast())
    }

    var specificity: Int {
        range == "*/*" ? 0 : range.hasSuffix("/*") ? 1 : 2
    }
}

extension Substring {
    /// Without the whitespace that HTTP allows around the parts of a header.
    var trimmed: Substring {
        let start = drop { $0 == " " || $0 == "\t" }
        return start[..<(start.lastIndex { $0 != " " && $0 != "\t" }.map(start.index(after:)) ?? start.startIndex)]
    }
}
