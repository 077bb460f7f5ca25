/// What went wrong between this process and PostgreSQL, and whether the work may have been done all the same.
public struct PostgresError: Error, Sendable {
    public enum Kind: Sendable, Hashable {
        /// The server refused, with this SQLSTATE
        /// (https://www.postgresql.org/docs/current/errcodes-appendix.html).
        case server(sqlState: String)
        /// No connection could be made, or it was lost.
        case connection
        /// The server stayed silent for longer than ``ConnectionConfiguration/silenceTimeout``; the connection was closed.
        case timeout
        /// All connections of a pool were busy and too many callers waited, or this one waited too long.
        case exhausted
        /// The connection or the pool was closed.
        case closed
        /// What the server returned is not what the program reads: see ``Row``.
        case unreadable
    }

    /// What became of the work that failed.
    public enum Outcome: Sendable, Hashable {
        /// Nothing was committed: the work may be done again.
        case notApplied
        /// Something that commits was sent, and whether it took effect was not heard.
        case unknown
    }

    public let kind: Kind
    /// In the server's or libpq's words. May name hosts and users, never a password.
    public let message: String
    /// The server's detail. It may quote values of rows, so it is not part of ``description``.
    public var detail: String?
    public var hint: String?
    /// The table and the constraint the error is about, if the server named them.
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

    /// The server's SQLSTATE, if the server answered.
    public var sqlState: String? {
        if case .server(let sqlState) = kind { sqlState } else { nil }
    }

    /// Whether the same work may succeed if it is simply done again, and cannot thereby be done twice.
    ///
    /// A connection that cannot be made counts, whatever the reason: libpq does not tell a server that is down from a
    /// password that is wrong.
    public var isRetryable: Bool {
        outcome == .notApplied && isTransient
    }

    /// Whether the trouble may be over soon, whatever became of the work.
    public var isTransient: Bool {
        switch kind {
        case .connection, .timeout: true
        case .exhausted, .closed, .unreadable: false
        case .server(let sqlState): Self.retryable.contains(sqlState) || sqlState.hasPrefix("08")
        }
    }

    /// Whether the server lacks what it needs: disk, memory, connections (class 53), or its machine fails it (class 58).
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

/// The SQLSTATEs that are known by name here.
public enum SQLState {
    public static let uniqueViolation = "23505"
    public static let checkViolation = "23514"
    public static let foreignKeyViolation = "23503"
    public static let readOnlyTransaction = "25006"
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
