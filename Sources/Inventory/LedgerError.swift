/// Why a ledger did not do what it was asked.
public enum LedgerError: Error, Sendable {
    /// The rules forbid it; nothing was written.
    case refused(Refusal)
    /// Nothing is known by this id, or it is archived.
    case notFound
    /// A queue is full; nothing was written, and a retry later may work.
    case overloaded
    /// The database that takes writes (or, for a read, every database) cannot be reached; nothing was written.
    case unavailable
    /// The ledger has not reached the position that the read asked for.
    case positionUnavailable
    /// The position that the read asked for belongs to a history that the ledger is not in any more.
    case historyChanged
    /// The connection was lost at the commit and did not come back in time: the command may have been carried out.
    case outcomeUnknown
    /// Whoever keeps the ledger does not take this from this caller; the reason is for people, and says what to do.
    case rejected(reason: String)
    /// What the ledger is kept in is damaged, as the report says: nothing was written, and nothing more is.
    case damaged(report: String)
    /// The ledger was moved to another place, which the text names without secrets, and is only read here.
    case moved(to: String)
    /// A defect, here or in the database's state: logged where it happened.
    case internalFailure
}
