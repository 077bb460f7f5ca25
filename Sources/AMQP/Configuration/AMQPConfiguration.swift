import Basics

/// The connection settings of a RabbitMQ broker.
public struct AMQPConfiguration: Sendable {
    /// The trusted certificates for an `amqps://` URL.
    public enum TrustRoots: Sendable, Hashable {
        case system
        /// A PEM file.
        case file(path: String)
    }

    /// A name or an IP address, without brackets.
    public var host: String
    public var port: Int
    public var user: String
    package var password: String
    public var virtualHost: String
    /// With TLS, the server's certificate must be valid for the host.
    public var usesTLS: Bool
    public var trustRoots: TrustRoots = .system
    /// As the broker's administrators see the connection.
    public var connectionName = "khata"

    /// From name resolution to an open connection.
    public var connectTimeout: Duration = .seconds(10)
    /// From a call, such as a declaration, to its reply.
    public var requestTimeout: Duration = .seconds(10)
    /// From the call to the last confirm of its messages.
    public var confirmTimeout: Duration = .seconds(30)
    /// In whole seconds; the broker may ask for a shorter one. The connection is lost after two without a byte.
    public var heartbeat: Duration = .seconds(30)
    /// The maximum size of a frame; the broker may ask for a smaller one.
    public var maximumFrameBytes = 128 << 10
    /// The maximum open channels; the broker may allow fewer.
    public var maximumChannels = 64
    /// The maximum size of a message's body, published or delivered.
    public var maximumBodyBytes = 1 << 20
    /// The maximum messages of a channel that await their confirm.
    public var maximumUnconfirmed = 1024
    /// The maximum messages of a channel that wait behind those.
    public var maximumWaiting = 8192

    /// Parses `amqp://user:password@host:port/vhost`, or `amqps://…` for TLS
    /// (https://www.rabbitmq.com/docs/uri-spec). All but the host is optional; the user is then `guest`, the virtual host
    /// `/`. Its parts are percent-encoded. Does not connect.
    public init(url: String) throws(InvalidAMQPConfiguration) {
        do throws(URLAuthority.Invalid) {
            try self.init(parsing: url)
        } catch {
            throw InvalidAMQPConfiguration(description: "the RabbitMQ URL \(error)")
        }
    }

    private init(parsing url: String) throws(URLAuthority.Invalid) {
        guard let schemeEnd = url.firstRange(of: "://") else { throw URLAuthority.Invalid("has no scheme") }
        switch url[..<schemeEnd.lowerBound] {
        case "amqp": usesTLS = false
        case "amqps": usesTLS = true
        default: throw URLAuthority.Invalid("is neither amqp:// nor amqps://")
        }
        let rest = url[schemeEnd.upperBound...]
        guard !rest.contains("?") else { throw URLAuthority.Invalid("has parameters, or a ? that is not encoded") }
        let authorityEnd = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = try URLAuthority(rest[..<authorityEnd])
        guard !authority.host.isEmpty else { throw URLAuthority.Invalid("has no host") }
        guard authority.user != nil || authority.password == nil else {
            throw URLAuthority.Invalid("has a password but no user")
        }
        let path = rest[authorityEnd...].dropFirst()
        guard !path.contains("/") else { throw URLAuthority.Invalid("has a / in its virtual host: write %2F") }
        host = authority.host
        port = authority.port ?? (usesTLS ? 5671 : 5672)
        user = authority.user ?? "guest"
        password = authority.password ?? "guest"
        virtualHost = path.isEmpty ? "/" : try URLAuthority.decoded(path)
    }

    /// Validates the configuration before anything is connected.
    func validate() throws(InvalidAMQPConfiguration) {
        let limits = [maximumBodyBytes, maximumUnconfirmed, maximumWaiting]
        let timeouts = [connectTimeout, requestTimeout, confirmTimeout]
        guard limits.allSatisfy({ $0 > 0 }), timeouts.allSatisfy({ $0 > .zero }) else {
            throw InvalidAMQPConfiguration(description: "a limit or a timeout of RabbitMQ is not above zero")
        }
        guard (Frame.minimumLimit...1 << 30).contains(maximumFrameBytes) else {
            throw InvalidAMQPConfiguration(description: "maximumFrameBytes is not from 4096 to 1 GiB")
        }
        guard (1...Int(UInt16.max)).contains(maximumChannels) else {
            throw InvalidAMQPConfiguration(description: "maximumChannels is not from 1 to 65535")
        }
        guard (1...Int64(UInt16.max)).contains(heartbeat.components.seconds) else {
            throw InvalidAMQPConfiguration(description: "heartbeat is not from 1 to 65535 seconds")
        }
    }
}

extension AMQPConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Without the password: `amqps://khata@broker:5671/%2F`.
    public var description: String {
        let host = host.contains(":") ? "[\(host)]" : host
        return "\(usesTLS ? "amqps" : "amqp")://\(user)@\(host):\(port)/\(virtualHost.percentEncoded)"
    }

    public var debugDescription: String { description }

    /// Used by `dump` and string interpolation of values that contain a configuration.
    public var customMirror: Mirror { Mirror(self, children: ["url": description]) }
}

/// An invalid setting. Quotes nothing of a URL, since any part of it may be the password.
public struct InvalidAMQPConfiguration: Error, Sendable, CustomStringConvertible {
    public let description: String
}
