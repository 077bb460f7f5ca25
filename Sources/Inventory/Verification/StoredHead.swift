/// The end of a ledger as it was noted elsewhere: whoever changes the ledger does not reach it.
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

    /// What is wrong if the ledger does not have it any more.
    /// - Parameter last: Up to where the ledger ends, or is known to be the same.
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
