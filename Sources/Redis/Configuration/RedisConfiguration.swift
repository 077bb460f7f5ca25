/// The connection settings of a Redis server, or of several.
public struct RedisConfiguration: Sendable {
    /// The trusted certificates for TLS.
    public enum TrustRoots: Sendable, Hashable {
        case system
        /// A PEM file.
        case file(path: String)
    }

    public var topology: RedisTopology
    /// An ACL user; nil is Redis's `default`.
    public var user: String?
    var password: String?
    /// The user and the password of the sentinels, which do not have those of the servers.
    var sentinelUser: String?
    var sentinelPassword: String?
    public var database: Int
    /// With TLS, a server's certificate must be valid for its host: the URL's, or the one that sentinels or nodes announce.
    public var usesTLS: Bool
    public var trustRoots: TrustRoots = .system

    /// From the call to the reply, including the wait for a connection.
    public var commandTimeout: Duration = .milliseconds(50)
    /// From name resolution to the replies to `AUTH`, `SELECT` and `INFO`.
    public var connectTimeout: Duration = .seconds(2)
    /// The connection is closed after this long without a reply that is due.
    public var silenceTimeout: Duration = .seconds(2)
    /// How often a connection checks whether its server is still the same master, and sentinels or the nodes of a cluster
    /// are asked which servers are masters.
    public var identityInterval: Duration = .seconds(1)
    /// How long sentinels or the nodes of a cluster have to answer that.
    public var lookupTimeout: Duration = .milliseconds(500)
    /// The maximum commands in flight per connection.
    public var maximumInFlight = 1024
    /// The maximum commands waiting behind those.
    public var maximumWaiting = 4096
    /// The maximum size of a command's reply.
    public var maximumReplyBytes = 8 << 20
    /// The number of connections to each server. They are spread over the event loops, and a caller on one of these loops uses that
    /// loop's connection without changing threads.
    public var connections = 1

    /// Called after each command or pipeline, by the caller's task; `nil` for none, which also saves reading the clock.
    public var onRoundTrip: (@Sendable (RedisRoundTrip) -> Void)?

    /// Parses a URL, without connecting. User and password are optional and percent-encoded, ports and databases optional.
    ///
    /// - `redis://user:password@host:port/database`
    /// - `unix://user:password@/path?db=database`
    /// - `redis-sentinel://user:password@host:port,host:port/master/database`, with the addresses of sentinels and the
    ///   master's name. The sentinels' own password, if they have one, is the parameter `sentinel_password`, and their
    ///   user `sentinel_username`.
    /// - `redis-cluster://user:password@host:port,host:port`, with the addresses of any nodes
    /// - `rediss://`, `rediss-sentinel://` and `rediss-cluster://` for TLS
    public init(url: String) throws(InvalidRedisConfiguration) {
        let url = try RedisURL(url)
        topology = url.topology
        user = url.user
        password = url.password
        sentinelUser = url.sentinelUser
        sentinelPassword = url.sentinelPassword
        database = url.database
        usesTLS = url.usesTLS
    }

    /// Validates the configuration before anything is connected.
    func validate() throws(InvalidRedisConfiguration) {
        let limits = [maximumInFlight, maximumReplyBytes, connections]
        let timeouts = [commandTimeout, connectTimeout, silenceTimeout, identityInterval, lookupTimeout]
        guard limits.allSatisfy({ $0 > 0 }), maximumWaiting >= 0, database >= 0, timeouts.allSatisfy({ $0 > .zero })
        else { throw InvalidRedisConfiguration(description: "a limit or a timeout of Redis is not above zero") }
        // hiredis counts in Int32.
        guard maximumReplyBytes <= 1 << 30 else {
            throw InvalidRedisConfiguration(description: "maximumReplyBytes is above 1 GiB")
        }
    }
}

extension RedisConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Without the passwords: `rediss://khata@cache:6379/0`.
    public var description: String {
        let user = user.map { "\($0)@" } ?? ""
        let scheme = usesTLS ? "rediss" : "redis"
        return switch topology {
        case .server(.unixSocket(let path)): "unix://\(user)\(path)?db=\(database)"
        case .server(let address): "\(scheme)://\(user)\(address)/\(database)"
        case .sentinels(let addresses, let master):
            "\(scheme)-sentinel://\(user)\(Self.list(addresses))/\(master)/\(database)"
        case .cluster(let addresses): "\(scheme)-cluster://\(user)\(Self.list(addresses))"
        }
    }

    private static func list(_ addresses: [RedisAddress]) -> String {
        addresses.map(\.description).joined(separator: ",")
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

/// An invalid setting. Quotes nothing of a URL, since any part of it may be the password.
public struct InvalidRedisConfiguration: Error, Sendable, CustomStringConvertible {
    public let description: String
}
