public import Inventory
public import Postgres

/// What can be observed of a ledger on PostgreSQL; whoever logs or counts interprets it.
public enum LedgerObservation: Sendable {
    case commit(CommitEvent)
    /// A transaction that failed, and cannot have been committed, is run again.
    case transactionRetried(any Error)
    /// The connection was lost at a commit: the ledger is asked what became of it.
    case commitUncertain(PostgresError)
    case outcomeUnknown(PostgresError)
    case primaryUnavailable(PostgresError)
    /// A read went to the primary, because the replica failed (`nil`: was behind).
    case replicaPassedOver(PostgresError?)
    case readFailed(any Error)
    case recordsExpired(Int)
    case expiryFailed(any Error)
    /// Rows of the outbox whose commit is known stay there, for the relay.
    case outboxLeft(any Error)
}

public protocol LedgerObserver: Sendable {
    func observe(_ observation: LedgerObservation)
}
