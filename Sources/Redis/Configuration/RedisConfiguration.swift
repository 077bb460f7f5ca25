/// How to reach a Redis server and what to expect of it.
public struct RedisConfiguration: Sendable {
    /// Whose certificates vouch for the server of a `rediss://` URL.
    public enum TrustRoots: Sendable, Hashable {
        case system
        /// A PEM file.
        case file(path: String)
    }

    public var address: RedisAddress
    /// An ACL user; nil is Redis's `default`.
    public var user: String?
    var password: String?
    public var database: Int
    /// With TLS the server's certificate must be valid for the address's host.
    public var usesTLS: Bool
    public var trustRoots: TrustRoots = .system

    /// From the call to the answer, waiting for a connection included.
    public var commandTimeout: Duration = .milliseconds(50)
    /// From the name's resolution to the server's answer to `AUTH`, `SELECT` and `INFO`.
    public var connectTimeout: Duration = .seconds(2)
    /// After this long without a reply that is due the connection is given up.
    public var silenceTimeout: Duration = .seconds(2)
    /// How often a connection asks whether its server is still the master that it was.
    public var identityInterval: Duration = .seconds(1)
    /// How many commands may be sent and unanswered, per connection.
    public var maximumInFlight = 1024
    /// How many commands may wait behind those.
    public var maximumWaiting = 4096
    /// The longest reply, of one command, that is taken from a server.
    public var maximumReplyBytes = 8 << 20
    /// How many connections a client has. They are spread over the event loops, and a caller on one of these loops uses
    /// that loop's connection without changing threads.
    public var connections = 1

    /// Reads `redis://user:password@host:port/database`, `rediss://…` for TLS, or
    /// `unix://user:password@/path?db=database`. All but the host, or the path, may be left out. User and password are
    /// percent-encoded. Does not connect.
    public init(url: String) throws(InvalidRedisConfiguration) {
        let url = try RedisURL(url)
        address = url.address
        user = url.user
        password = url.password
        database = url.database
        usesTLS = url.usesTLS
    }

    /// Refuses what cannot work before anything is connected.
    func validate() throws(InvalidRedisConfiguration) {
        let limits = [maximumInFlight, maximumReplyBytes, connections]
        let timeouts = [commandTimeout, connectTimeout, silenceTimeout, identityInterval]
        guard limits.allSatisfy({ $0 > 0 }), maximumWaiting >= 0, database >= 0, timeouts.allSatisfy({ $0 > .zero })
        else { throw InvalidRedisConfiguration(description: "a limit or a timeout of Redis is not above zero") }
        // hiredis counts in Int32.
        guard maximumReplyBytes <= 1 << 30 else {
            throw InvalidRedisConfiguration(description: "maximumReplyBytes is above 1 GiB")
        }
    }
}

extension RedisConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Without the password: `rediss://khata@cache:6379/0`.
    public var description: String {
        let user = user.map { "\($0)@" } ?? ""
        return switch address {
        case .host: "\(usesTLS ? "rediss" : "redis")://\(user)\(address)/\(database)"
        case .unixSocket: "unix://\(user)\(address)?db=\(database)"
        }
    }

    public var debugDescription: String { description }

    /// `dump` and string interpolation of what holds a configuration print this.
    public var customMirror: Mirror { Mirror(self, children: ["url": description]) }
}

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
