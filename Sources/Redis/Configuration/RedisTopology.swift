/// The servers that a URL names.
public enum RedisTopology: Sendable, Hashable {
    case server(RedisAddress)
    /// Sentinels know which server is the master of this name.
    case sentinels([RedisAddress], master: String)
    /// Any nodes of a cluster: they know the others.
    case cluster([RedisAddress])
}

/// The address of a Redis server.
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

extension RedisAddress {
    /// An address that a server announces: of a master, or of a node.
    /// - Parameter host: A name or an IP address.
    /// - Returns: `nil` if it cannot be one.
    init?(announced host: String, port: Int64?) {
        guard let port, 1...65_535 ~= port, 1...253 ~= host.utf8.count,
            host.wholeMatch(of: /[A-Za-z0-9._:%-]+/) != nil
        else { return nil }
        self = .host(host, port: Int(port))
    }
}
