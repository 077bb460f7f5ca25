/// The state that a list of commands depends on, read while the stores' rows are locked.
public struct LockedState: Sendable {
    /// The database's time, read after the locks were taken.
    public var now: Timestamp
    public var history: History
    /// The stores that exist and are not archived.
    public var heads: [StoreID: LedgerHead]
    /// The products that exist and are not archived.
    public var products: Set<ProductID>
    /// Stock on hand; missing levels are 0.
    public var onHand: [LevelKey: Int64]
    /// The existing records of the commands' idempotency keys.
    public var records: [IdempotencyKey.Scope: IdempotencyRecord]

    public init(
        now: Timestamp, history: History, heads: [StoreID: LedgerHead] = [:], products: Set<ProductID> = [],
        onHand: [LevelKey: Int64] = [:], records: [IdempotencyKey.Scope: IdempotencyRecord] = [:]
    ) {
        self.now = now
        self.history = history
        self.heads = heads
        self.products = products
        self.onHand = onHand
        self.records = records
    }
}
