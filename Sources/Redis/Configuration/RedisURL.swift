import Basics

/// The parts of a Redis URL. Foundation's parser does not support `unix://`, and quotes the invalid text in its errors.
struct RedisURL {
    let topology: RedisTopology
    private(set) var user: String?
    private(set) var password: String?
    private(set) var sentinelUser: String?
    private(set) var sentinelPassword: String?
    private(set) var database = 0
    private(set) var usesTLS = false

    private static let maximumAddresses = 16

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
        let path = rest[authorityEnd..<queryStart].dropFirst()
        var parameters = try Self.parameters(rest[queryStart...].dropFirst())
        let authorities = try Self.authorities(rest[..<authorityEnd])
        (user, password) = (authorities[0].user, authorities[0].password)
        usesTLS = url.hasPrefix("rediss")

        switch url[..<schemeEnd.lowerBound] {
        case "redis", "rediss":
            guard authorities.count == 1 else {
                throw URLAuthority.Invalid(
                    "names several servers, which only redis-sentinel:// and redis-cluster:// may do")
            }
            topology = .server(try Self.addresses(authorities, port: 6379)[0])
            if !path.isEmpty { database = try Self.database(path) }
        case "unix":
            guard authorities.count == 1, authorities[0].host.isEmpty, authorities[0].port == nil else {
                throw URLAuthority.Invalid("has no absolute path: it takes three slashes")
            }
            guard !path.isEmpty else { throw URLAuthority.Invalid("has no path") }
            topology = .server(.unixSocket(path: "/" + (try URLAuthority.decoded(path))))
            if let text = parameters.removeValue(forKey: "db") { database = try Self.database(text[...]) }
        case "redis-sentinel", "rediss-sentinel":
            let parts = path.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            // What Sentinel allows. So it cannot be a part of a password with a slash, and may be printed.
            guard let name = parts.first, name.wholeMatch(of: /[A-Za-z0-9._-]+/) != nil else {
                throw URLAuthority.Invalid(
                    "has no path with the master's name (letters, digits, points and dashes), as in sentinel.conf")
            }
            topology = .sentinels(try Self.addresses(authorities, port: 26379), master: String(name))
            if parts.count > 1, !parts[1].isEmpty { database = try Self.database(parts[1]) }
            sentinelPassword = parameters.removeValue(forKey: "sentinel_password")
            sentinelUser = parameters.removeValue(forKey: "sentinel_username")
            guard sentinelUser == nil || sentinelPassword != nil else {
                throw URLAuthority.Invalid("has sentinel_username, but no sentinel_password")
            }
        case "redis-cluster", "rediss-cluster":
            guard path.isEmpty else { throw URLAuthority.Invalid("has a path: a cluster has no databases") }
            topology = .cluster(try Self.addresses(authorities, port: 6379))
        default:
            throw URLAuthority.Invalid(
                "is none of redis://, rediss:// (TLS), unix://, redis-sentinel:// and redis-cluster://")
        }
        guard parameters.isEmpty else { throw URLAuthority.Invalid("has parameters that it may not have") }
    }

    /// Those of several servers, separated by commas. The first has user and password: they precede all addresses.
    private static func authorities(_ text: Substring) throws(URLAuthority.Invalid) -> [URLAuthority] {
        let addresses = text.lastIndex(of: "@").map { text.index(after: $0) } ?? text.startIndex
        let firstEnd = text[addresses...].firstIndex(of: ",") ?? text.endIndex
        var authorities = [try URLAuthority(text[..<firstEnd])]
        for address in text[firstEnd...].split(separator: ",", omittingEmptySubsequences: false).dropFirst() {
            authorities.append(try URLAuthority(address))
        }
        return authorities
    }

    private static func addresses(
        _ authorities: [URLAuthority], port: Int
    ) throws(URLAuthority.Invalid) -> [RedisAddress] {
        guard authorities.allSatisfy({ !$0.host.isEmpty }) else { throw URLAuthority.Invalid("has no host") }
        let addresses = authorities.map { RedisAddress.host($0.host, port: $0.port ?? port) }
        guard addresses.count <= maximumAddresses else {
            throw URLAuthority.Invalid("names more than \(maximumAddresses) servers")
        }
        guard Set(addresses).count == addresses.count else { throw URLAuthority.Invalid("names a server twice") }
        return addresses
    }

    private static func parameters(_ query: Substring) throws(URLAuthority.Invalid) -> [String: String] {
        var parameters: [String: String] = [:]
        for parameter in query.split(separator: "&", omittingEmptySubsequences: false) where !query.isEmpty {
            guard let equals = parameter.firstIndex(of: "="), equals < parameter.index(before: parameter.endIndex)
            else {
                throw URLAuthority.Invalid("has a parameter without a value")
            }
            let name = String(parameter[..<equals])
            guard parameters[name] == nil else { throw URLAuthority.Invalid("has a parameter twice") }
            parameters[name] = try URLAuthority.decoded(parameter[parameter.index(after: equals)...])
        }
        return parameters
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
