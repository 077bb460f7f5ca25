public import Inventory
public import Postgres

/// The events of a ledger on PostgreSQL, for logs and metrics.
public enum LedgerObservation: Sendable {
    case commit(CommitEvent)
    /// A transaction failed, was certainly not committed, and is retried.
    case transactionRetried(any Error)
    /// The connection was lost during a commit: the ledger is checked for its outcome.
    case commitUncertain(PostgresError)
    case outcomeUnknown(PostgresError)
    case primaryUnavailable(PostgresError)
    /// A read fell back to the primary, because the replica failed (`nil`: was behind).
    case replicaSkipped(PostgresError?)
    case readFailed(any Error)
    case recordsExpired(Int)
    case expiryFailed(any Error)
    /// Outbox rows that are done could not be deleted; the relay will delete them.
    case outboxLeft(any Error)
}

public protocol LedgerObserver: Sendable {
    func observe(_ observation: LedgerObservation)
}
