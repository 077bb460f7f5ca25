/// Commits a batch of commands in one transaction: what a ledger supplies to its ``GroupCommitter``.
public protocol BatchCommitting: Sendable {
    /// What ``invalidateCache(for:_:)`` needs to know of a commit besides the decision.
    associatedtype Commit: Sendable

    /// Decides commands, and commits the result.
    func commit(_ commands: [MovementCommand]) async throws(BatchFailure) -> (Decision, Commit)

    /// Called after a commit, and completes before the callers get their results. The next batch does not wait for it.
    func invalidateCache(for decision: Decision, _ commit: Commit) async

    func observe(_ event: CommitEvent)
}

/// Why a batch was not committed.
public enum BatchFailure: Error {
    /// The database rejects the batch, and would again: a command is to blame.
    case rejected(any Error)
    /// No command is to blame.
    case failed(LedgerError)
}

/// An event of the write path, for logs and metrics.
public enum CommitEvent: Sendable {
    /// - Parameter duration: From the locks to the commit, without the wait in the queue.
    case committed(Decision, commands: Int, duration: Duration)
    /// The queue was full: a command was refused.
    case refused
    /// A batch was rejected, and is split until the command that is to blame is alone.
    case split(commands: Int, any Error)
    /// The database rejects a command that the rules allow, or holds unreadable data.
    case rejected(any Error)
}
