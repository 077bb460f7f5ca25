internal import Logging

/// Whether a transaction is open, after what the server said last.
public enum TransactionStatus: Sendable {
    case idle
    case open
    /// Open, but something in it failed: the server refuses everything but a rollback.
    case failed
    /// The connection is lost.
    case unknown
}

/// A conversation with the server. Every call blocks its thread until the server has answered.
///
/// It is lent to the closure of a `run`, on the thread that owns the connection, and is not valid outside of it.
public final class Session {
    /// What ``ConnectionConfiguration/onConnect`` found out about the server.
    public internal(set) var label: String?
    let wire: Wire
    let isReadOnly: Bool
    var prepared: Set<Statement> = []
    /// Sent along with the next pipeline, so that a BEGIN costs no round trip of its own.
    private var deferred: [Query] = []
    /// Why this session can do no more.
    private var loss: PostgresError?
    /// The next job gets a new connection.
    private var isStale = false

    init(_ configuration: ConnectionConfiguration, logger: Logger) throws(PostgresError) {
        wire = try Wire(configuration, logger: logger)
        isReadOnly = configuration.isReadOnly
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
    /// The first refusal is thrown, with the name of the statement refused, and none after it has run. Outside of a
    /// transaction the queries are one transaction. The session remains usable; an open transaction is to be rolled back.
    public func pipeline(_ queries: [Query]) throws(PostgresError) -> [Rows] {
        if let loss { throw loss }
        let all = deferred + queries
        guard !all.isEmpty else { return [] }
        let first = deferred.count
        deferred = []
        return Array(try exchange(all).dropFirst(first))
    }

    /// Has the next job get a new connection: what this one found out about the server, or prepared there, is not so.
    public func retire() {
        isStale = true
    }

    /// Runs SQL of several statements, without parameters and results, as one transaction unless it says otherwise:
    /// for migrations.
    public func script(_ sql: String) throws(PostgresError) {
        _ = try pipeline([])  // what was deferred
        var refusal: PostgresError?
        do throws(PostgresError) {
            try wire.sendScript(sql)
            while let result = try wire.nextResult() {
                if try result.answer() == .refusal { refusal = refusal ?? result.refusal }
            }
            try wire.resumePipelining()
        } catch {
            throw lose(error, outcome: isReadOnly ? .notApplied : .unknown)
        }
        if let refusal { throw refusal }
    }
}

// MARK: What the owner of the session does with it

extension Session {
    /// Whether another job may use it.
    var isUsable: Bool { loss == nil && !isStale && wire.isAlive }

    /// Opens a transaction with the next call.
    func begin(_ statement: Statement) {
        deferred = [Query(statement)]
    }

    /// Commits the transaction that ``begin(_:)`` opened, unless nothing was done in it or the job ended it itself.
    func commit() throws(PostgresError) {
        if let loss { throw loss }
        deferred = []
        if transactionStatus != .idle { _ = try execute(.commit) }
    }

    /// Makes sure that nothing of this job is left for the next one.
    /// - Returns: Whether a transaction had been left open.
    func rollBack() -> Bool {
        deferred = []
        guard loss == nil, transactionStatus != .idle else { return false }
        // If this fails too, so does the session, and with the connection the server drops the transaction.
        _ = try? execute(.rollback)
        return true
    }

    /// Notes that the connection is of no use any more.
    func lose(
        _ error: PostgresError, outcome: PostgresError.Outcome, statement: String? = nil
    ) -> PostgresError {
        var error = error
        error.outcome = outcome
        error.statement = statement
        loss = error
        return error
    }

    /// The names prepared here and on the server have gone apart, or a table changed under a prepared statement.
    func markStale(after error: PostgresError) {
        switch error.sqlState {
        case SQLState.unknownStatement, SQLState.duplicateStatement, SQLState.featureNotSupported: retire()
        default: break
        }
    }
}
