import Basics

/// The parts of a Redis URL. Foundation's parser does not support `unix://`, and quotes the invalid text in its errors.
struct RedisURL {
    private(set) var address: RedisAddress
    private(set) var user: String?
    private(set) var password: String?
    private(set) var database = 0
    private(set) var usesTLS = false

    init(_ url: String) throws(InvalidRedisConfiguration) {
        guard let schemeEnd = url.firstRange(of: "://") else { throw Self.invalid("has no scheme") }
        let rest = url[schemeEnd.upperBound...]
        let queryStart = rest.firstIndex(of: "?") ?? rest.endIndex
        let authorityEnd = rest.firstIndex(of: "/") ?? queryStart
        guard authorityEnd <= queryStart else { throw Self.invalid("has a query before its path") }
        let authority = rest[..<authorityEnd]
        let path = rest[authorityEnd..<queryStart]
        let query = rest[queryStart...].dropFirst()
        // A password may contain an unescaped @: the host starts after the last one.
        let at = authority.lastIndex(of: "@")
        let host = at.map { authority[authority.index(after: $0)...] } ?? authority

        switch url[..<schemeEnd.lowerBound] {
        case "redis", "rediss":
            guard query.isEmpty else { throw Self.invalid("has parameters, which only unix:// may have") }
            address = try Self.address(host)
            usesTLS = url.hasPrefix("rediss")
            if path.count > 1 { database = try Self.database(path.dropFirst()) }
        case "unix":
            guard host.isEmpty else { throw Self.invalid("has no absolute path: it takes three slashes") }
            guard path.count > 1 else { throw Self.invalid("has no path") }
            address = .unixSocket(path: try Self.decoded(path))
            if !query.isEmpty {
                guard query.hasPrefix("db=") else { throw Self.invalid("has a parameter other than db") }
                database = try Self.database(query.dropFirst(3))
            }
        default: throw Self.invalid("is none of redis://, rediss:// and unix://")
        }
        if let at { try readCredentials(authority[..<at]) }
    }

    private mutating func readCredentials(_ text: Substring) throws(InvalidRedisConfiguration) {
        guard let colon = text.firstIndex(of: ":") else { throw Self.invalid("has a user but no password") }
        if colon > text.startIndex { user = try Self.decoded(text[..<colon]) }
        password = try Self.decoded(text[text.index(after: colon)...])
        if password == "" { throw Self.invalid("has an empty password") }
    }

    private static func address(_ text: Substring) throws(InvalidRedisConfiguration) -> RedisAddress {
        var host = text
        var port: Substring?
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { throw invalid("has a [ without a ]") }
            host = text[text.index(after: text.startIndex)..<end]
            let tail = text[text.index(after: end)...]
            guard tail.isEmpty || tail.first == ":" else { throw invalid("has something between ] and the port") }
            port = tail.isEmpty ? nil : tail.dropFirst()
        } else if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
            guard !host.contains(":") else { throw invalid("has an IPv6 address without brackets") }
        }
        guard !host.isEmpty else { throw invalid("has no host") }
        guard let port else { return .host(String(host), port: 6379) }
        guard let number = UInt16(port), number > 0 else { throw invalid("has a port that is not from 1 to 65535") }
        return .host(String(host), port: Int(number))
    }

    private static func database(_ text: Substring) throws(InvalidRedisConfiguration) -> Int {
        guard let number = Int(decimalDigits: text) else { throw invalid("has a database that is not a number") }
        return number
    }

    private static func decoded(_ text: Substring) throws(InvalidRedisConfiguration) -> String {
        guard let bytes = text.percentDecodedBytes() else {
            throw invalid("has a % that is not followed by two hexadecimal digits")
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else { throw invalid("is not UTF-8") }
        return decoded
    }

    private static func invalid(_ what: String) -> InvalidRedisConfiguration {
        InvalidRedisConfiguration(description: "the Redis URL \(what)")
    }
}

extension Int {
    /// Digits alone, no sign.
    fileprivate init?(decimalDigits text: Substring) {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        self.init(text)
    }
}
