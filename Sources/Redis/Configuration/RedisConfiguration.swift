/// The connection settings of a Redis server.
public struct RedisConfiguration: Sendable {
    /// The trusted certificates for a `rediss://` URL.
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
    /// With TLS, the server's certificate must be valid for this host.
    public var usesTLS: Bool
    public var trustRoots: TrustRoots = .system

    /// From the call to the reply, including the wait for a connection.
    public var commandTimeout: Duration = .milliseconds(50)
    /// From name resolution to the replies to `AUTH`, `SELECT` and `INFO`.
    public var connectTimeout: Duration = .seconds(2)
    /// The connection is closed after this long without a reply that is due.
    public var silenceTimeout: Duration = .seconds(2)
    /// How often a connection checks whether its server is still the same master.
    public var identityInterval: Duration = .seconds(1)
    /// The maximum commands in flight per connection.
    public var maximumInFlight = 1024
    /// The maximum commands waiting behind those.
    public var maximumWaiting = 4096
    /// The maximum size of a command's reply.
    public var maximumReplyBytes = 8 << 20
    /// The number of connections. They are spread over the event loops, and a caller on one of these loops uses that
    /// loop's connection without changing threads.
    public var connections = 1

    /// Called after each command or pipeline, by the caller's task; `nil` for none, which also saves reading the clock.
    public var onRoundTrip: (@Sendable (RedisRoundTrip) -> Void)?

    /// Parses `redis://user:password@host:port/database`, `rediss://…` for TLS, or
    /// `unix://user:password@/path?db=database`. All but the host, or the path, is optional. User and password are
    /// percent-encoded. Does not connect.
    public init(url: String) throws(InvalidRedisConfiguration) {
        let url = try RedisURL(url)
        address = url.address
        user = url.user
        password = url.password
        database = url.database
        usesTLS = url.usesTLS
    }

    /// Validates the configuration before anything is connected.
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

    /// Used by `dump` and string interpolation of values that contain a configuration.
    public var customMirror: Mirror { Mirror(self, children: ["url": description]) }
}

/// A command, or several that were sent together.
public struct RedisRoundTrip: Sendable {
    /// The name of the command; of several, the first.
    public let command: StaticString
    public let commands: Int
    /// From the call to the reply or failure.
    public let duration: Duration
    /// Whether there was no reply.
    public let isFailure: Bool
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

/// An invalid setting. Quotes nothing of a URL, since any part of it may be the password.
public struct InvalidRedisConfiguration: Error, Sendable, CustomStringConvertible {
    public let description: String
}
