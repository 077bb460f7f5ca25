import CRdKafka

/// How to connect to a Kafka cluster.
public struct KafkaConfiguration: Sendable, CustomStringConvertible {
    /// SASL. PLAIN shows the password to whoever the connection is with.
    public enum Mechanism: String, CaseIterable, Sendable {
        case scramSHA512 = "SCRAM-SHA-512"
        case scramSHA256 = "SCRAM-SHA-256"
        case plain = "PLAIN"
    }

    public struct Login: Sendable {
        public let user: String
        let password: String
        let mechanism: Mechanism

        public init(user: String, password: String, mechanism: Mechanism = .scramSHA512) {
            self.user = user
            self.password = password
            self.mechanism = mechanism
        }
    }

    /// `host:port`, separated by commas.
    public let servers: String
    /// With it, the servers' certificates must be valid for their hosts.
    public let usesTLS: Bool
    /// A PEM file with the trusted certificates; without it, those of the system.
    public let trustRootsFile: String?
    public let login: Login?

    /// Does not connect.
    public init(
        servers: String, usesTLS: Bool = false, trustRootsFile: String? = nil, login: Login? = nil
    ) throws(InvalidKafkaConfiguration) {
        for server in servers.split(separator: ",", omittingEmptySubsequences: false) {
            guard Self.isAddress(server) else {
                throw InvalidKafkaConfiguration("servers has to be host:port, or several with commas between them")
            }
        }
        guard trustRootsFile == nil || usesTLS else {
            throw InvalidKafkaConfiguration("a file of trusted certificates is only used with TLS")
        }
        if let login {
            guard !login.user.isEmpty, !login.password.isEmpty, !(login.user + login.password).contains("\0") else {
                throw InvalidKafkaConfiguration("the user and the password must not be empty, nor contain NUL")
            }
            guard login.mechanism != .plain || usesTLS else {
                throw InvalidKafkaConfiguration("PLAIN sends the password as it is: it takes TLS")
            }
        }
        self.servers = servers
        self.usesTLS = usesTLS
        self.trustRootsFile = trustRootsFile
        self.login = login
    }

    private static func isAddress(_ server: Substring) -> Bool {
        guard let colon = server.lastIndex(of: ":"), colon != server.startIndex,
            let port = UInt16(server[server.index(after: colon)...]), port > 0
        else { return false }
        return server[..<colon].utf8.allSatisfy { $0 > UInt8(ascii: " ") && $0 != UInt8(ascii: "/") }
    }

    /// Without the password.
    public var description: String { login.map { "\($0.user)@\(servers)" } ?? servers }

    /// https://github.com/confluentinc/librdkafka/blob/v2.0.2/CONFIGURATION.md
    var properties: [(String, String)] {
        var properties = [
            ("bootstrap.servers", servers), ("client.id", "khata"),
            ("security.protocol", (login == nil ? "" : "SASL_") + (usesTLS ? "SSL" : "PLAINTEXT")),
            ("reconnect.backoff.max.ms", "10000"),
            // Of idle connections: no cause for a warning.
            ("log.connection.close", "false"),
            // To our log.
            ("log.queue", "true"),
        ]
        if let trustRootsFile { properties.append(("ssl.ca.location", trustRootsFile)) }
        if let login {
            properties += [
                ("sasl.mechanisms", login.mechanism.rawValue), ("sasl.username", login.user),
                ("sasl.password", login.password),
            ]
        }
        return properties
    }
}

public struct InvalidKafkaConfiguration: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
