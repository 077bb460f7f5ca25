import Inventory
import Synchronization

/// A ledger that takes so many writes, and then fails as if the connection were lost.
struct FailingLedger: Sendable {
    private let ledger: any StockReading & StockWriting
    private let left: Left

    private final class Left: Sendable {
        let writes: Mutex<Int>
        init(_ writes: Int) { self.writes = Mutex(writes) }
    }

    init(_ ledger: any StockReading & StockWriting, writes: Int) {
        self.ledger = ledger
        left = Left(writes)
    }

    private func pay() throws(LedgerError) {
        let isPaid = left.writes.withLock { writes in
            writes -= 1
            return writes >= 0
        }
        guard isPaid else { throw .unavailable }
    }
}

extension FailingLedger: StockWriting {
    /// Not counted: a file is asked about by a movement that cannot be.
    func record(_ movement: Movement, _ context: CommandContext) async throws(LedgerError) -> Receipt<RecordedMovement>
    {
        try await ledger.record(movement, context)
    }

    func record(_ transfer: Transfer, _ context: CommandContext) async throws(LedgerError) -> Receipt<RecordedTransfer>
    {
        try pay()
        return try await ledger.record(transfer, context)
    }

    func record(_ batch: Batch, _ context: CommandContext) async throws(LedgerError) -> Receipt<RecordedBatch> {
        try pay()
        return try await ledger.record(batch, context)
    }

    func change(_ change: CatalogChange, _ context: CommandContext) async throws(LedgerError) -> Receipt<CatalogItem> {
        try pay()
        return try await ledger.change(change, context)
    }

    func replay(of key: IdempotencyKey) async throws(LedgerError) -> Decision.Answer? {
        try await ledger.replay(of: key)
    }
}

extension FailingLedger: StockReading {
    func stock(
        _ query: StockQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<StockItem, ProductID>> { try await ledger.stock(query, freshness) }

    func level(_ level: LevelKey, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<StockItem> {
        try await ledger.level(level, freshness)
    }

    func products(
        _ query: ProductQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<Product, ProductID>> { try await ledger.products(query, freshness) }

    func products(named name: String, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<[Product]> {
        try await ledger.products(named: name, freshness)
    }

    func product(_ id: ProductID, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<Product> {
        try await ledger.product(id, freshness)
    }

    func stores(
        _ query: StoreQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<Store, StoreID>> { try await ledger.stores(query, freshness) }

    func store(_ id: StoreID, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<Store> {
        try await ledger.store(id, freshness)
    }

    func entries(
        _ query: EntryQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<LedgerEntry, EntryKey>> { try await ledger.entries(query, freshness) }

    func audit(
        _ query: AuditQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<AuditEntry, EntryKey>> { try await ledger.audit(query, freshness) }

    func report(
        _ query: ReportQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<ReportRow, ReportRow.Key>> {
        try await ledger.report(query, freshness)
    }
}
