import HTTPTypes

extension HTTPRequest {
    /// The path without the query, which is nobody's business in a log.
    package var pathWithoutQuery: String {
        path.map { String(Substring($0.utf8.prefix { $0 != UInt8(ascii: "?") })) } ?? ""
    }
}
