internal import Logging

/// The transaction status, as last reported by the server.
public enum TransactionStatus: Sendable {
    case idle
    case open
    /// Open but failed: the server refuses everything except a rollback.
    case failed
    /// The connection is lost.
    case unknown
}

/// A session with the server. Every call blocks its thread until the server has responded.
///
/// It is passed to the closure of a `run`, on the thread that owns the connection, and is not valid outside of it.
public final class Session {
    /// The result of ``ConnectionConfiguration/onConnect``.
    public internal(set) var label: String?
    let wire: Wire
    let isReadOnly: Bool
    private let onRoundTrip: (@Sendable (Statement, Duration) -> Void)?
    var prepared: Set<Statement> = []
    /// Sent along with the next pipeline, so that a BEGIN costs no round trip of its own.
    private var deferred: [Query] = []
    /// Why this session is unusable.
    private var loss: PostgresError?
    /// The next job gets a new connection.
    private var isStale = false

    init(_ configuration: ConnectionConfiguration, logger: Logger) throws(PostgresError) {
        wire = try Wire(configuration, logger: logger)
        isReadOnly = configuration.isReadOnly
        onRoundTrip = configuration.onRoundTrip
    }

    /// The state after the last call. A transaction that ``Pool/write(_:)`` or ``Pool/snapshot(_:)`` opens is open from
    /// the first call on.
    public var transactionStatus: TransactionStatus { loss == nil ? wire.transactionStatus : .unknown }

    /// Runs one statement in one round trip, including its preparation the first time.
    public func execute(_ statement: Statement, _ parameters: Parameter...) throws(PostgresError) -> Rows {
        try pipeline([Query(statement, parameters)])[0]
    }

    /// Runs all queries in one round trip and returns what each returned, in order.
    ///
    /// Throws the server's first error, with the name of the statement; none after it has run. Outside of a transaction
    /// the queries are one transaction. The session remains usable; an open transaction must be rolled back.
    /// - Parameter statement: The one that the others are for, as ``ConnectionConfiguration/onRoundTrip`` is told; by
    ///   default the first that neither opens nor ends a transaction.
    public func pipeline(
        _ queries: [Query], for statement: Statement? = nil
    ) throws(PostgresError) -> [Rows] {
        if let loss { throw loss }
        let all = deferred + queries
        guard !all.isEmpty else { return [] }
        let first = deferred.count
        deferred = []
        guard let onRoundTrip else { return Array(try exchange(all).dropFirst(first)) }
        let start = ContinuousClock.now
        let main = statement ?? (queries.first { !$0.statement.isOfTransaction } ?? all[0]).statement
        defer { onRoundTrip(main, .now - start) }
        return Array(try exchange(all).dropFirst(first))
    }

    /// Makes the next job use a new connection, because this one's label or prepared statements are no longer valid.
    public func retire() {
        isStale = true
    }

    /// Runs SQL without parameters and results. Several statements are one transaction, unless they contain their own.
    public func script(_ sql: String) throws(PostgresError) {
        _ = try pipeline([])  // what was deferred
        var refusal: PostgresError?
        do throws(PostgresError) {
            try wire.sendScript(sql)
            while let result = try wire.nextResult() {
                if try result.reply() == .refusal { refusal = refusal ?? result.refusal }
            }
            try wire.resumePipelining()
        } catch {
            throw lose(error, outcome: isReadOnly ? .notApplied : .unknown)
        }
        if let refusal { throw refusal }
    }
}

// MARK: For the owner of the session

extension Session {
    /// Whether another job may use it.
    var isUsable: Bool { loss == nil && !isStale && wire.isAlive }

    /// Opens a transaction with the next call.
    func begin(_ statement: Statement) {
        deferred = [Query(statement)]
    }

    /// Commits the transaction that ``begin(_:)`` opened, unless it is empty or the job has already ended it.
    func commit() throws(PostgresError) {
        if let loss { throw loss }
        deferred = []
        if transactionStatus != .idle { _ = try execute(.commit) }
    }

    /// Cleans up after a job.
    /// - Returns: Whether a transaction was left open.
    func rollBack() -> Bool {
        deferred = []
        guard loss == nil, transactionStatus != .idle else { return false }
        // If this fails too, so does the session, and with the connection the server drops the transaction.
        _ = try? execute(.rollback)
        return true
    }

    /// Marks the connection as unusable.
    func lose(
        _ error: PostgresError, outcome: PostgresError.Outcome, statement: String? = nil
    ) -> PostgresError {
        var error = error
        error.outcome = outcome
        error.statement = statement
        loss = error
        return error
    }

    /// The statements prepared here and on the server differ, or a table changed under a prepared statement.
    func markStale(after error: PostgresError) {
        switch error.sqlState {
        case SQLState.unknownStatement, SQLState.duplicateStatement, SQLState.featureNotSupported: retire()
        default: break
        }
    }
}
