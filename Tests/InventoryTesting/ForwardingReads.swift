public import Inventory

/// A ledger that reads what another one does.
public protocol ForwardingReads: StockReading {
    var reads: any StockReading { get }
}

extension ForwardingReads {
    public func stock(
        _ query: StockQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<StockItem, ProductID>> { try await reads.stock(query, freshness) }

    public func level(_ level: LevelKey, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<StockItem> {
        try await reads.level(level, freshness)
    }

    public func products(
        _ query: ProductQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<Product, ProductID>> { try await reads.products(query, freshness) }

    public func products(named name: String, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<[Product]> {
        try await reads.products(named: name, freshness)
    }

    public func product(_ id: ProductID, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<Product> {
        try await reads.product(id, freshness)
    }

    public func stores(
        _ query: StoreQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<Store, StoreID>> { try await reads.stores(query, freshness) }

    public func store(_ id: StoreID, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<Store> {
        try await reads.store(id, freshness)
    }

    public func entries(
        _ query: EntryQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<LedgerEntry, EntryKey>> { try await reads.entries(query, freshness) }

    public func audit(
        _ query: AuditQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<AuditEntry, EntryKey>> { try await reads.audit(query, freshness) }

    public func report(
        _ query: ReportQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<ReportRow, ReportRow.Key>> {
        try await reads.report(query, freshness)
    }
}
