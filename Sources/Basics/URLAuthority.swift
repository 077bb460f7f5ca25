/// The part of a URL between `//` and the path: `user:password@host:port`. User and password are percent-encoded.
/// Foundation's parser quotes the invalid text, which may be a password, in its errors.
package struct URLAuthority: Sendable, Hashable {
    /// What is invalid, without quoting it: `has no host`.
    package struct Invalid: Error, CustomStringConvertible {
        package let description: String

        package init(_ description: String) { self.description = description }
    }

    package private(set) var user: String?
    package private(set) var password: String?
    /// Without brackets; empty if there is none.
    package private(set) var host: String
    package private(set) var port: Int?

    package init(_ text: Substring) throws(Invalid) {
        // A password may contain an unescaped @: the host starts after the last one.
        let at = text.lastIndex(of: "@")
        (host, port) = try Self.address(at.map { text[text.index(after: $0)...] } ?? text)
        guard let at else { return }
        let credentials = text[..<at]
        guard let colon = credentials.firstIndex(of: ":") else { throw Invalid("has a user but no password") }
        if colon > credentials.startIndex { user = try Self.decoded(credentials[..<colon]) }
        password = try Self.decoded(credentials[credentials.index(after: colon)...])
        if password == "" { throw Invalid("has an empty password") }
    }

    private static func address(_ text: Substring) throws(Invalid) -> (String, Int?) {
        var host = text
        var port: Substring?
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { throw Invalid("has a [ without a ]") }
            host = text[text.index(after: text.startIndex)..<end]
            let tail = text[text.index(after: end)...]
            guard tail.isEmpty || tail.first == ":" else { throw Invalid("has something between ] and the port") }
            port = tail.isEmpty ? nil : tail.dropFirst()
        } else if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
            guard !host.contains(":") else { throw Invalid("has an IPv6 address without brackets") }
        }
        guard let port else { return (String(host), nil) }
        guard let number = UInt16(port), number > 0 else { throw Invalid("has a port that is not from 1 to 65535") }
        return (String(host), Int(number))
    }

    package static func decoded(_ text: Substring) throws(Invalid) -> String {
        guard let bytes = text.percentDecodedBytes() else {
            throw Invalid("has a % that is not followed by two hexadecimal digits")
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else { throw Invalid("is not UTF-8") }
        return decoded
    }
}
