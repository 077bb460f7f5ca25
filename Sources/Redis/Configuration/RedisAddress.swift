/// Where a Redis server listens.
public enum RedisAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or an IP address, without brackets.
    case host(String, port: Int)
    case unixSocket(path: String)

    public var description: String {
        switch self {
        case .host(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unixSocket(let path): path
        }
    }
}

/// A setting that cannot be used. Quotes nothing of a URL, since any part of it may be the password.
public struct InvalidRedisConfiguration: Error, Sendable, CustomStringConvertible {
    public let description: String
}
