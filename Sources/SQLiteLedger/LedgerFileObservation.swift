public import Inventory

/// Events of a ledger in a file, for logs and metrics.
public enum LedgerFileObservation: Sendable {
    case commit(CommitEvent)
    /// The file could not be synchronised at a commit: the commit is retried.
    case commitUncertain(any Error)
    case outcomeUnknown(any Error)
    /// Nothing can be written: the disk is full or fails, or another process locks the file.
    case writeFailed(any Error)
    case readFailed(any Error)
    /// Reported once: from now on nothing is written.
    case damaged(String)
    case recordsExpired(Int)
    case expiryFailed(any Error)
    case closingFailed(any Error)
    /// The file was not in its place when it was closed.
    case displaced(any Error)
    /// The ledger was moved elsewhere: this process only reads its former state. Noticed within a minute.
    case moved(LedgerDestination)
}

public protocol LedgerFileObserver: Sendable {
    func observe(_ observation: LedgerFileObservation)
}
