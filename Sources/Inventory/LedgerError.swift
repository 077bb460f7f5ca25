/// Why a ledger operation failed.
public enum LedgerError: Error, Sendable {
    /// The rules forbid it; nothing was written.
    case refused(Refusal)
    /// It does not exist, or is archived.
    case notFound
    /// A queue is full; nothing was written, and a retry later may work.
    case overloaded
    /// The primary (or, for a read, every database) cannot be reached; nothing was written.
    case unavailable
    /// The ledger has not reached the position that the read requires.
    case positionUnavailable
    /// The position that the read requires belongs to a history that is no longer the ledger's.
    case historyChanged
    /// The connection was lost during the commit and not restored in time: the command may have been executed.
    case outcomeUnknown
    /// The remote server rejects this request from this caller; the reason is for people, and says what to do.
    case rejected(reason: String)
    /// The ledger's file is damaged, as the report says: nothing was written, and nothing more will be.
    case damaged(report: String)
    /// The ledger was moved to another place (the text contains no secrets), and is read-only here.
    case moved(to: String)
    /// A defect, here or in the database's state: logged where it happened.
    case internalFailure
}
