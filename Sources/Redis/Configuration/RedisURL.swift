import Basics

/// The parts of a Redis URL. Foundation's parser does not support `unix://`, and quotes the invalid text in its errors.
struct RedisURL {
    private(set) var address: RedisAddress
    private(set) var user: String?
    private(set) var password: String?
    private(set) var database = 0
    private(set) var usesTLS = false

    init(_ url: String) throws(InvalidRedisConfiguration) {
        do throws(URLAuthority.Invalid) {
            try self.init(parsing: url)
        } catch {
            throw InvalidRedisConfiguration(description: "the Redis URL \(error)")
        }
    }

    private init(parsing url: String) throws(URLAuthority.Invalid) {
        guard let schemeEnd = url.firstRange(of: "://") else { throw URLAuthority.Invalid("has no scheme") }
        let rest = url[schemeEnd.upperBound...]
        let queryStart = rest.firstIndex(of: "?") ?? rest.endIndex
        let authorityEnd = rest.firstIndex(of: "/") ?? queryStart
        guard authorityEnd <= queryStart else { throw URLAuthority.Invalid("has a query before its path") }
        let path = rest[authorityEnd..<queryStart]
        let query = rest[queryStart...].dropFirst()
        let authority = try URLAuthority(rest[..<authorityEnd])
        (user, password) = (authority.user, authority.password)

        switch url[..<schemeEnd.lowerBound] {
        case "redis", "rediss":
            guard query.isEmpty else { throw URLAuthority.Invalid("has parameters, which only unix:// may have") }
            guard !authority.host.isEmpty else { throw URLAuthority.Invalid("has no host") }
            address = .host(authority.host, port: authority.port ?? 6379)
            usesTLS = url.hasPrefix("rediss")
            if path.count > 1 { database = try Self.database(path.dropFirst()) }
        case "unix":
            guard authority.host.isEmpty, authority.port == nil else {
                throw URLAuthority.Invalid("has no absolute path: it takes three slashes")
            }
            guard path.count > 1 else { throw URLAuthority.Invalid("has no path") }
            address = .unixSocket(path: try URLAuthority.decoded(path))
            if !query.isEmpty {
                guard query.hasPrefix("db=") else { throw URLAuthority.Invalid("has a parameter other than db") }
                database = try Self.database(query.dropFirst(3))
            }
        default: throw URLAuthority.Invalid("is none of redis://, rediss:// and unix://")
        }
    }

    private static func database(_ text: Substring) throws(URLAuthority.Invalid) -> Int {
        guard let number = Int(decimalDigits: text) else {
            throw URLAuthority.Invalid("has a database that is not a number")
        }
        return number
    }
}

extension Int {
    /// Digits alone, no sign.
    fileprivate init?(decimalDigits text: Substring) {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        self.init(text)
    }
}
