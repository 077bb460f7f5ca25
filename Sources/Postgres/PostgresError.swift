/// An error of the connection or of PostgreSQL, and whether the work may have been done nonetheless.
public struct PostgresError: Error, Sendable {
    public enum Kind: Sendable, Hashable {
        /// The server returned an error with this SQLSTATE
        /// (https://www.postgresql.org/docs/current/errcodes-appendix.html).
        case server(sqlState: String)
        /// No connection could be made, or it was lost.
        case connection
        /// The server was silent for longer than ``ConnectionConfiguration/silenceTimeout``; the connection was closed.
        case timeout
        /// All connections of a pool were busy and too many callers waited, or this one waited too long.
        case exhausted
        /// The connection or the pool was closed.
        case closed
        /// The result does not have the expected shape: see ``Row``.
        case unreadable
    }

    /// The outcome of the failed work.
    public enum Outcome: Sendable, Hashable {
        /// Nothing was committed: the work can be repeated.
        case notApplied
        /// A commit was sent, and its result is unknown.
        case unknown
    }

    public let kind: Kind
    /// In the server's or libpq's words. May name hosts and users, never a password.
    public let message: String
    /// The server's detail. It may quote values of rows, so it is not part of ``description``.
    public var detail: String?
    public var hint: String?
    /// The table and constraint of the error, if the server named them.
    public var table: String?
    public var constraint: String?
    /// The name of the statement that failed.
    public var statement: String?
    public var outcome: Outcome

    public init(_ kind: Kind, _ message: String, outcome: Outcome = .notApplied) {
        self.kind = kind
        self.message = message
        self.outcome = outcome
    }

    /// The server's SQLSTATE, if the server reported the error.
    public var sqlState: String? {
        if case .server(let sqlState) = kind { sqlState } else { nil }
    }

    /// Whether a retry may succeed, and cannot do the work twice.
    ///
    /// A failed connection counts, whatever the reason: libpq does not distinguish a server that is down from a wrong
    /// password.
    public var isRetryable: Bool {
        outcome == .notApplied && isTransient
    }

    /// Whether the cause may be over soon, whatever the outcome.
    public var isTransient: Bool {
        switch kind {
        case .connection, .timeout: true
        case .exhausted, .closed, .unreadable: false
        case .server(let sqlState): Self.retryable.contains(sqlState) || sqlState.hasPrefix("08")
        }
    }

    /// Whether the server lacks resources (disk, memory, connections: class 53), or had a system error (class 58).
    public var isOfResources: Bool {
        sqlState.map { $0.hasPrefix("53") || $0.hasPrefix("58") } ?? false
    }

    private static let retryable: Set<String> = [
        SQLState.serializationFailure, SQLState.deadlockDetected,
        SQLState.adminShutdown, SQLState.crashShutdown, SQLState.cannotConnectNow,
        SQLState.idleSessionTimeout, SQLState.idleInTransactionTimeout,
        SQLState.tooManyConnections, SQLState.unknownStatement,
    ]
}

extension PostgresError: CustomStringConvertible {
    public var description: String {
        var text = message
        if let sqlState { text += " (SQLSTATE \(sqlState))" }
        if let statement { text += " in \(statement)" }
        if outcome == .unknown { text += "; it is unknown whether it was committed" }
        return text
    }
}

/// Named SQLSTATEs.
public enum SQLState {
    public static let uniqueViolation = "23505"
    public static let checkViolation = "23514"
    public static let foreignKeyViolation = "23503"
    public static let readOnlyTransaction = "25006"
    /// A table or index, another object, or a function exists already (`duplicate_…`).
    public static let duplicates: Set = ["42P07", "42710", "42723"]
    public static let transactionFailed = "25P02"
    public static let idleInTransactionTimeout = "25P03"
    public static let unknownStatement = "26000"
    public static let serializationFailure = "40001"
    public static let deadlockDetected = "40P01"
    public static let tooManyConnections = "53300"
    public static let lockNotAvailable = "55P03"
    public static let queryCanceled = "57014"
    public static let adminShutdown = "57P01"
    public static let crashShutdown = "57P02"
    public static let cannotConnectNow = "57P03"
    public static let idleSessionTimeout = "57P05"
    static let duplicateStatement = "42P05"
    /// `feature_not_supported`; also "cached plan must not change result type".
    static let featureNotSupported = "0A000"
}
