public import Inventory

/// A ledger limited to a principal's scope: stores outside it behave like stores that do not exist.
public struct ScopedLedger: Sendable {
    private let ledger: any StockReading & StockWriting
    private let scope: StoreScope

    public init(_ ledger: any StockReading & StockWriting, scope: StoreScope) {
        self.ledger = ledger
        self.scope = scope
    }

    fileprivate static let missingStoreID = StoreID(rawValue: -1)

    private func require(_ storeID: StoreID?) throws(LedgerError) {
        if let storeID, !scope.contains(storeID) { throw .notFound }
    }

    private func require(_ outcome: Outcome) throws(LedgerError) {
        switch outcome {
        case .movement(let movement): try require(movement.storeID)
        case .transfer(let transfer): for side in [transfer.out, transfer.in] { try require(side.storeID) }
        case .batch(let batch): for case .recorded(let movement) in batch.lines { try require(movement.storeID) }
        case .catalog(.store(let store)): try require(store.id)
        case .catalog(.product): try require(Self.missingStoreID)
        case .refused: break
        }
    }
}

extension ScopedLedger: StockReading {
    public func stock(
        _ query: StockQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<StockItem, ProductID>> {
        try require(query.storeID)
        return try await ledger.stock(query, freshness)
    }

    public func level(_ level: LevelKey, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<StockItem> {
        try require(level.storeID)
        return try await ledger.level(level, freshness)
    }

    public func products(
        _ query: ProductQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<Product, ProductID>> {
        try await ledger.products(query, freshness)
    }

    public func products(
        named name: String, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<[Product]> {
        try await ledger.products(named: name, freshness)
    }

    public func product(_ id: ProductID, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<Product> {
        try await ledger.product(id, freshness)
    }

    public func stores(
        _ query: StoreQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<Store, StoreID>> {
        var query = query
        query.scope = scope
        return try await ledger.stores(query, freshness)
    }

    public func store(_ id: StoreID, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<Store> {
        try require(id)
        return try await ledger.store(id, freshness)
    }

    public func entries(
        _ query: EntryQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<LedgerEntry, EntryKey>> {
        try require(query.storeID)
        var query = query
        query.scope = scope
        return try await ledger.entries(query, freshness)
    }

    public func audit(
        _ query: AuditQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<AuditEntry, EntryKey>> {
        try require(query.storeID)
        var query = query
        query.scope = scope
        return try await ledger.audit(query, freshness)
    }

    public func report(
        _ query: ReportQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<ReportRow, ReportRow.Key>> {
        try require(query.storeID)
        var query = query
        query.scope = scope
        return try await ledger.report(query, freshness)
    }
}

/// Checks outcomes too: on a replay, the scope may have shrunk since; and for an import's name, the outcome is that of the
/// first request, perhaps of another principal.
extension ScopedLedger: StockWriting {
    public func record(
        _ movement: Movement, _ context: CommandContext
    ) async throws(LedgerError) -> Receipt<RecordedMovement> {
        try require(movement.storeID)
        let receipt = try await ledger.record(movement, context)
        try require(.movement(receipt.value))
        return receipt
    }

    public func record(
        _ transfer: Transfer, _ context: CommandContext
    ) async throws(LedgerError) -> Receipt<RecordedTransfer> {
        try require(transfer.from)
        try require(transfer.to)
        let receipt = try await ledger.record(transfer, context)
        try require(.transfer(receipt.value))
        return receipt
    }

    public func record(_ batch: Batch, _ context: CommandContext) async throws(LedgerError) -> Receipt<RecordedBatch> {
        let batch = scope.limiting(batch)
        let receipt = try await ledger.record(batch, context)
        try require(.batch(receipt.value))
        // On a replay, lines may have been refused for the stock of a store that was in scope then.
        for case (.movement(let movement), .refused(let refusal)) in zip(batch.lines, receipt.value.lines)
        where movement.storeID == Self.missingStoreID {
            guard case .unknownStore = refusal else { throw .notFound }
        }
        return receipt
    }

    public func replay(of key: IdempotencyKey) async throws(LedgerError) -> Receipt<Outcome>? {
        let receipt = try await ledger.replay(of: key)
        if let receipt { try require(receipt.value) }
        return receipt
    }

    public func change(
        _ change: CatalogChange, _ context: CommandContext
    ) async throws(LedgerError) -> Receipt<CatalogItem> {
        switch change {
        // Products are all stores'.
        case .createProduct, .addProduct, .replaceProduct, .archiveProduct: try require(Self.missingStoreID)
        case .createStore(let id, _): try require(id ?? Self.missingStoreID)
        case .replaceStore(let id, _, _), .archiveStore(let id, _): try require(id)
        }
        var context = context
        context.scope = scope
        return try await ledger.change(change, context)
    }
}

extension StoreScope {
    /// A change, as far as a principal with this scope may ask for it.
    /// - Throws: `.notFound`.
    package func limiting(_ change: MovementCommand.Change) throws(LedgerError) -> MovementCommand.Change {
        switch change {
        case .movement(let movement) where contains(movement.storeID): return change
        case .transfer(let transfer) where contains(transfer.from) && contains(transfer.to): return change
        case .batch(let batch): return .batch(limiting(batch))
        case .movement, .transfer: throw .notFound
        }
    }

    /// Each line has its own outcome, so lines for stores outside the scope get a store id that does not exist.
    fileprivate func limiting(_ batch: Batch) -> Batch {
        batch.map { contains($0.storeID) ? $0 : $0.moved(to: ScopedLedger.missingStoreID) }
    }
}

extension Movement {
    fileprivate func moved(to storeID: StoreID) -> Movement {
        Movement(
            storeID: storeID, productID: productID, kind: kind, quantity: quantity, notes: notes,
            expectedOnHand: expectedOnHand, recordedAt: recordedAt)
    }
}
