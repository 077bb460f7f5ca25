/// The connection settings of a server.
///
/// The connection string is passed to libpq unchanged, so everything that libpq documents for it works, including TLS
/// (`sslmode=verify-full`), several hosts and `target_session_attrs`
/// (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING). Its connection parameters override
/// the properties here. Durations are sent to the server in milliseconds; nil and zero mean no limit.
public struct ConnectionConfiguration: Sendable {
    /// A URI or `keyword=value` pairs. Contains the password, so it is only passed to libpq.
    let connectionString: String
    /// The string's `options`, to which the settings below are added.
    let options: String
    private let target: String

    public var applicationName: String
    /// For each address in turn, DNS not included; whole seconds, at least 2 (libpq's `connect_timeout`).
    public var connectTimeout: Duration = .seconds(5)
    /// After this long the server cancels a statement (`statement_timeout`).
    public var statementTimeout: Duration? = .seconds(30)
    /// The connection is closed after this long without a byte in either direction: the network or server is dead. Must
    /// be longer than ``statementTimeout``, so that the server can respond first.
    public var silenceTimeout: Duration? = .seconds(35)
    /// The server closes a session after this long without a statement in an open transaction
    /// (`idle_in_transaction_session_timeout`).
    public var idleInTransactionTimeout: Duration? = .seconds(30)
    /// Whether transactions are read-only unless they say otherwise (`default_transaction_read_only`).
    public var isReadOnly: Bool
    /// The required role of the server, unless the connection string has another one (`target_session_attrs`).
    public var serverRole: ServerRole?
    /// The server closes a session and releases its locks after this long without a job (`idle_session_timeout`).
    public var idleSessionTimeout: Duration?
    /// Called with each new session before its first job, on the connection's thread; the result is the session's
    /// ``Session/label``. If it throws, the connection fails.
    public var onConnect: (@Sendable (Session) throws(PostgresError) -> String?)?
    /// Called after each round trip, on the connection's thread, with the statement that it was for and the time from
    /// sending to the last result.
    public var onRoundTrip: (@Sendable (Statement, Duration) -> Void)?
    /// Whether something else has found that the server is silent: then jobs fail at once, and one that waits for the
    /// server fails within 50 ms. Called on the connection's thread.
    public var isSilent: (@Sendable () -> Bool)?
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

    /// The session's settings as command-line options of the server process, where the last of a name wins.
    private var serverOptions: String {
        var all = ["TimeZone=UTC"]
        all.append("statement_timeout=\(statementTimeout?.milliseconds ?? 0)")
        all.append("idle_in_transaction_session_timeout=\(idleInTransactionTimeout?.milliseconds ?? 0)")
        // So that the server notices as soon as this side: until then it keeps a lost transaction's locks.
        all += Self.keepalives.map { "tcp_\($0.keyword)=\($0.value)" } + ["tcp_user_timeout=\(Self.userTimeout)"]
        if let idleSessionTimeout { all.append("idle_session_timeout=\(idleSessionTimeout.milliseconds)") }
        all.append("default_transaction_read_only=\(isReadOnly ? "on" : "off")")
        all += settings.map { "\($0.key)=\($0.value)" }.sorted()
        return (Self.defaults.map { "-c \($0)" } + [options] + all.map { "-c \($0)" }).joined(separator: " ")
    }

    /// Override what is set for the role, which anyone with its password can change, or for the database. The string's
    /// options override them.
    private static let defaults = [
        "search_path=public", "synchronous_commit=on", #"default_transaction_isolation=read\ committed"#,
    ]

    /// Both sides notice a dead network within five seconds, even during a long statement: sent data or probes are not
    /// acknowledged.
    private static let keepalives = [
        (keyword: "keepalives_idle", value: "2"), (keyword: "keepalives_interval", value: "1"),
        (keyword: "keepalives_count", value: "2"),
    ]
    private static let userTimeout = "4000"

    /// For PQconnectdbParams, where the later of two values wins and `dbname` is the whole connection string.
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

/// The role of a server, as in `target_session_attrs`.
public enum ServerRole: String, Sendable {
    case primary, standby
    /// A standby if one of the hosts is.
    case preferStandby = "prefer-standby"
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
