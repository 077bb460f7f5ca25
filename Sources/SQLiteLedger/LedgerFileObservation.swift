/// What can be observed of a ledger in a file; whoever logs or counts interprets it.
public enum LedgerFileObservation: Sendable {
    case batchCommitted(commands: Int, entries: Int, duration: Duration)
    /// A batch failed as a whole, and is split until the command that is to blame stands alone.
    case batchSplit(commands: Int, any Error)
    /// The database refuses a command that the rules allow, or holds what this program cannot read.
    case commandRejected(any Error)
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
