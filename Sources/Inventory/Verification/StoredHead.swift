/// The head of a ledger as noted elsewhere, out of reach of anyone who tampers with the ledger.
public struct StoredHead: Hashable, Sendable {
    public let storeID: StoreID
    public let position: Position
    public let hash: AuditHash
    public let notedAt: Timestamp

    public init(storeID: StoreID, position: Position, hash: AuditHash, notedAt: Timestamp) {
        self.storeID = storeID
        self.position = position
        self.hash = hash
        self.notedAt = notedAt
    }

    /// The difference to report if the ledger no longer has this head.
    /// - Parameter last: The end of the ledger, or the last position at which it is known to match.
    func difference(after last: Position, isAtEnd: Bool) -> LedgerDifference {
        let entries =
            last.next < position
            ? "entries \(last.next) to \(position), which were" : "entry \(position), which was"
        let verbs = last.next < position ? ("are", "were") : ("is", "was")
        return LedgerDifference(
            storeID, at: last.next,
            "\(entries) there on \(notedAt), \(verbs.0) gone" + (isAtEnd ? "" : " or \(verbs.1) changed"))
    }
}
