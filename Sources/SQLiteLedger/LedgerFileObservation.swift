public import Inventory

/// What can be observed of a ledger in a file; whoever logs or counts interprets it.
public enum LedgerFileObservation: Sendable {
    case commit(CommitEvent)
    /// The file could not be synchronised at a commit: the commit is made again.
    case commitUncertain(any Error)
    case outcomeUnknown(any Error)
    /// Nothing can be written: the disk is full or fails, or another process holds the file.
    case writeFailed(any Error)
    case readFailed(any Error)
    /// Told once: from now on nothing is written.
    case damaged(String)
    case recordsExpired(Int)
    case expiryFailed(any Error)
    case closingFailed(any Error)
    /// The ledger is in another place now: this process only reads what it was. Noticed within a minute.
    case moved(LedgerDestination)
}

public protocol LedgerFileObserver: Sendable {
    func observe(_ observation: LedgerFileObservation)
}
