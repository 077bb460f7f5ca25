/// Commits a batch of commands in one transaction: what a ledger supplies to its ``GroupCommitter``.
public protocol BatchCommitting: Sendable {
    /// What ``publish(_:_:)`` has to know of a commit besides what was decided.
    associatedtype Commit: Sendable

    /// Decides what becomes of commands, and commits it.
    func commit(_ commands: [MovementCommand]) async throws(BatchFailure) -> (Decision, Commit)

    /// Is called after a commit, and finishes before anybody is answered for it: here a cache is invalidated. The next
    /// batch does not wait for it.
    func publish(_ decision: Decision, _ commit: Commit) async

    func observe(_ event: CommitEvent)
}

/// Why a batch was not committed.
public enum BatchFailure: Error {
    /// The database refuses the batch, and would again: a command is to blame.
    case rejected(any Error)
    /// No command is to blame.
    case failed(LedgerError)
}

/// What can be observed of commits.
public enum CommitEvent: Sendable {
    case committed(commands: Int, entries: Int, duration: Duration)
    /// A batch was rejected, and is split until the command that is to blame stands alone.
    case split(commands: Int, any Error)
    /// The database refuses a command that the rules allow, or holds what this program cannot read.
    case rejected(any Error)
}
