import Foundation

/// The address of a Khata server: `https://khata.example`, or `http://10.0.0.2:8080/shop` behind a proxy that strips
/// the path.
public struct ServerAddress: Hashable, Sendable, CustomStringConvertible {
    /// Without a trailing slash.
    let base: String

    /// - Returns: `nil` unless it is an `http` or `https` URL without user, query or fragment.
    public init?(_ text: String) {
        guard let url = URLComponents(string: text), ["http", "https"].contains(url.scheme?.lowercased()),
            let host = url.host, !host.isEmpty, url.user == nil, url.query == nil, url.fragment == nil
        else { return nil }
        base = text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    public var description: String { base }
}
