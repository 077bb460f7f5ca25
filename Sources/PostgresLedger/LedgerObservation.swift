public import Inventory
public import Postgres

/// The events of a ledger on PostgreSQL, for logs and metrics.
public enum LedgerObservation: Sendable {
    /// - Parameter lane: Where; `nil` for a change of the catalog.
    case commit(CommitEvent, lane: LedgerLane?)
    /// A round trip to a database: one statement, or several in one pipeline.
    /// - Parameters:
    ///   - statement: The name of the one that the others are for.
    ///   - isReplica: Whether it went to a replica.
    case roundTrip(statement: String, isReplica: Bool, Duration)
    /// A transaction failed, was certainly not committed, and is retried.
    case transactionRetried(any Error)
    /// The connection was lost during a commit: the ledger is checked for its outcome.
    case commitUncertain(PostgresError)
    case outcomeUnknown(PostgresError)
    case primaryUnavailable(PostgresError)
    /// A read needs another replica or the primary, because the chosen replica failed (`nil`: was behind).
    case replicaSkipped(PostgresError?)
    /// Reads do not use a replica any more, because of the fault and perhaps an error, or use it again (`nil`).
    case replicaChanged(number: Int, server: String, ReplicaFault?, (any Error)?)
    /// The ledger goes on in another history, after a promotion for example.
    /// - Parameters:
    ///   - compared: How many entries that this process had committed were looked for.
    ///   - lost: Those of them that are gone.
    case historyChanged(from: History, to: History, compared: Int, lost: [EntryKey])
    case readFailed(any Error)
    case recordsExpired(Int)
    case expiryFailed(any Error)
    /// Outbox rows that are done could not be deleted; the relay will delete them.
    case outboxLeft(any Error)
}

/// Commits the movements of some stores, in order.
public enum LedgerLane: Hashable, Sendable, CustomStringConvertible {
    case number(Int)
    /// For commands that concern several stores.
    case severalStores

    public var description: String {
        switch self {
        case .number(let number): "\(number)"
        case .severalStores: "several-stores"
        }
    }
}

public protocol LedgerObserver: Sendable {
    func observe(_ observation: LedgerObservation)
}
