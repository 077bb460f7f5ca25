/// How to reach a server and what to expect of it.
///
/// The connection string is libpq's and reaches libpq untouched, so whatever libpq documents for it works, TLS
/// (`sslmode=verify-full`), several hosts and `target_session_attrs` included
/// (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING). What it says about connecting wins
/// over the properties here. Durations go to the server in milliseconds; nil and zero mean no limit.
public struct ConnectionConfiguration: Sendable {
    /// A URI or `keyword=value` pairs. Holds the password: it goes nowhere but to libpq.
    let connectionString: String
    /// The string's `options`, to which the settings below are added.
    let options: String
    private let target: String

    public var applicationName: String
    /// For each address in turn, DNS not included; whole seconds, at least 2 (libpq's `connect_timeout`).
    public var connectTimeout: Duration = .seconds(5)
    /// After this long the server cancels a statement (`statement_timeout`).
    public var statementTimeout: Duration? = .seconds(30)
    /// After this long without a byte either way the connection is given up: for a network or a server that went dark.
    /// It has to be longer than ``statementTimeout``, or the server has no chance to answer first.
    public var silenceTimeout: Duration? = .seconds(35)
    /// After this long without a statement in an open transaction the server hangs up
    /// (`idle_in_transaction_session_timeout`).
    public var idleInTransactionTimeout: Duration? = .seconds(30)
    /// Whether transactions are read-only unless they say otherwise (`default_transaction_read_only`).
    public var isReadOnly: Bool
    /// What the server has to be, unless the connection string asks for something else (`target_session_attrs`).
    public var serverRole: ServerRole?
    /// After this long without a job the server hangs up and forgets what the session held (`idle_session_timeout`).
    public var idleSessionTimeout: Duration?
    /// Called with each new session before its first job, on the connection's thread; what it returns is the session's
    /// ``Session/label``. If it throws, there is no connection.
    public var onConnect: (@Sendable (Session) throws(PostgresError) -> String?)?
    /// Further settings of the session, by name; values without spaces.
    public var settings: [String: String] = [:]

    /// Does not connect.
    /// - Throws: ``InvalidConnectionString``.
    public init(
        _ connectionString: String, applicationName: String, isReadOnly: Bool = false
    ) throws(InvalidConnectionString) {
        let parsed = try ConnectionString(connectionString)
        self.connectionString = connectionString
        self.applicationName = applicationName
        self.isReadOnly = isReadOnly
        options = parsed["options"] ?? ""
        target = parsed.redacted
    }

    /// The session's settings as command-line options of the server process; the last of a name wins there.
    private var serverOptions: String {
        var all = ["TimeZone=UTC"]
        all.append("statement_timeout=\(statementTimeout?.milliseconds ?? 0)")
        all.append("idle_in_transaction_session_timeout=\(idleInTransactionTimeout?.milliseconds ?? 0)")
        // The server notices as soon as this side: until then it would keep what a lost transaction has locked.
        all += Self.keepalives.map { "tcp_\($0.keyword)=\($0.value)" } + ["tcp_user_timeout=\(Self.userTimeout)"]
        if let idleSessionTimeout { all.append("idle_session_timeout=\(idleSessionTimeout.milliseconds)") }
        all.append("default_transaction_read_only=\(isReadOnly ? "on" : "off")")
        all += settings.map { "\($0.key)=\($0.value)" }.sorted()
        return ([options] + all.map { "-c \($0)" }).joined(separator: " ")
    }

    /// A network that went dark is noticed within five seconds, on both sides, while a statement runs for long or not: what
    /// was sent is not acknowledged, or nobody answers the probes.
    private static let keepalives = [
        (keyword: "keepalives_idle", value: "2"), (keyword: "keepalives_interval", value: "1"),
        (keyword: "keepalives_count", value: "2"),
    ]
    private static let userTimeout = "4000"

    /// For PQconnectdbParams, where the later of two values wins and `dbname` stands for all of the connection string.
    var keywordsAndValues: [(keyword: String, value: String)] {
        Self.keepalives + [
            ("tcp_user_timeout", Self.userTimeout),
            ("application_name", applicationName),
            ("connect_timeout", "\((connectTimeout.milliseconds + 999) / 1000)"),
            ("target_session_attrs", serverRole?.rawValue ?? "any"),
            ("dbname", connectionString),
            ("client_encoding", "UTF8"),
            ("options", serverOptions),
        ]
    }
}

/// What a server is to others, in the words of `target_session_attrs`.
public enum ServerRole: String, Sendable {
    case primary, standby
}

extension ConnectionConfiguration: CustomStringConvertible {
    /// User, hosts, ports and database, for logs: `khata@db1:5432,db2:5432/khata`.
    public var description: String { target }
}

extension Duration {
    /// Rounded up, so that a short limit does not become none.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
