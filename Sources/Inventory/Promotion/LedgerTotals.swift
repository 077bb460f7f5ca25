/// The size of a ledger up to a position.
public struct LedgerTotals: Hashable, Sendable {
    public let entries: Int64
    /// 0 for the catalog.
    public let movements: Int64
    /// The hash of the entry at the position; `nil` if there is none.
    public let hash: AuditHash?

    public init(entries: Int64, movements: Int64, hash: AuditHash?) {
        self.entries = entries
        self.movements = movements
        self.hash = hash
    }
}
