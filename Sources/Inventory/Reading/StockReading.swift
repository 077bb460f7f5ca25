/// The read path. Every answer is one consistent snapshot and at least as new as everything that this process has
/// acknowledged, and as `atLeast` asks.
///
/// All throw `.unavailable`, `.overloaded` and, with `atLeast`, `.positionUnavailable`.
public protocol StockReading: Sendable {
    /// A page of a store's stock, by product id.
    /// - Throws: `.notFound` for an unknown store.
    func stock(_ query: StockQuery, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<
        Page<StockItem, ProductID>
    >

    /// One product's level; 0 for a product that the store never had.
    /// - Throws: `.notFound` for an unknown store or product.
    func level(_ level: LevelKey, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<StockItem>

    /// The position that is asked for is the catalog's, here and in the four that follow.
    func products(
        _ query: ProductQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<Product, ProductID>>

    /// The products that are called so, in upper or lower case; at most two, those that are called exactly so first.
    /// See `Collection.called(_:)`.
    func products(named name: String, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<[Product]>

    /// - Throws: `.notFound`.
    func product(_ id: ProductID, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<Product>

    func stores(_ query: StoreQuery, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<Page<Store, StoreID>>

    /// - Throws: `.notFound`.
    func store(_ id: StoreID, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<Store>

    /// The ledger's entries by store and position. A position can be asked for only of one store, here and in what
    /// follows.
    func entries(
        _ query: EntryQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<LedgerEntry, EntryKey>>

    func audit(
        _ query: AuditQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<AuditEntry, EntryKey>>

    func report(
        _ query: ReportQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<ReportRow, ReportRow.Key>>
}

/// How new a read has to be, and where from.
public struct Freshness: Hashable, Sendable {
    /// At least this position of the ledger that is read.
    public var position: Position?
    /// At least this position of the catalog, from which names come.
    public var catalogPosition: Position?
    /// At least as new as all that was committed before the call, whoever acknowledged it.
    public var isCurrent = false
    /// Not from a replica, however new.
    public var isFromPrimary = false

    public init(
        position: Position? = nil, catalogPosition: Position? = nil, isCurrent: Bool = false,
        isFromPrimary: Bool = false
    ) {
        self.position = position
        self.catalogPosition = catalogPosition
        self.isCurrent = isCurrent
        self.isFromPrimary = isFromPrimary
    }
}

extension StockReading {
    public func stock(
        _ query: StockQuery, atLeast: Position?
    ) async throws(LedgerError) -> Snapshot<Page<StockItem, ProductID>> {
        try await stock(query, Freshness(position: atLeast))
    }

    public func level(_ level: LevelKey, atLeast: Position?) async throws(LedgerError) -> Snapshot<StockItem> {
        try await self.level(level, Freshness(position: atLeast))
    }

    public func products(
        _ query: ProductQuery, atLeast: Position?
    ) async throws(LedgerError) -> Snapshot<Page<Product, ProductID>> {
        try await products(query, Freshness(position: atLeast))
    }

    public func products(named name: String, atLeast: Position?) async throws(LedgerError) -> Snapshot<[Product]> {
        try await products(named: name, Freshness(position: atLeast))
    }

    public func product(_ id: ProductID, atLeast: Position?) async throws(LedgerError) -> Snapshot<Product> {
        try await product(id, Freshness(position: atLeast))
    }

    public func stores(
        _ query: StoreQuery, atLeast: Position?
    ) async throws(LedgerError) -> Snapshot<Page<Store, StoreID>> {
        try await stores(query, Freshness(position: atLeast))
    }

    public func store(_ id: StoreID, atLeast: Position?) async throws(LedgerError) -> Snapshot<Store> {
        try await store(id, Freshness(position: atLeast))
    }

    public func entries(
        _ query: EntryQuery, atLeast: Position?
    ) async throws(LedgerError) -> Snapshot<Page<LedgerEntry, EntryKey>> {
        try await entries(query, Freshness(position: atLeast))
    }

    public func audit(
        _ query: AuditQuery, atLeast: Position?
    ) async throws(LedgerError) -> Snapshot<Page<AuditEntry, EntryKey>> {
        try await audit(query, Freshness(position: atLeast))
    }

    public func report(
        _ query: ReportQuery, atLeast: Position?
    ) async throws(LedgerError) -> Snapshot<Page<ReportRow, ReportRow.Key>> {
        try await report(query, Freshness(position: atLeast))
    }
}

/// The database that a read was answered by.
public enum ReadSource: String, Sendable {
    case replica, primary
}

/// What a read brings: the value, and how new it is.
public struct Snapshot<Value: Sendable>: Sendable {
    public let value: Value
    /// The position of the store that was read, or of the catalog for a read of the catalog; `nil` for several stores.
    public let position: Position?
    /// The position of the catalog, from which names come.
    public let catalogPosition: Position
    public let source: ReadSource

    public init(value: Value, position: Position?, catalogPosition: Position, source: ReadSource) {
        self.value = value
        self.position = position
        self.catalogPosition = catalogPosition
        self.source = source
    }
}

/// Part of a list, in the order of its keys.
public struct Page<Item: Sendable, Key: Sendable>: Sendable {
    public let items: [Item]
    /// The key of the last item, if others follow it.
    public let next: Key?

    public init(items: [Item], next: Key?) {
        self.items = items
        self.next = next
    }

    /// Makes a page of `limit` from up to `limit + 1` items: one more than fits shows that others follow.
    public init(_ items: [Item], limit: Int, key: (Item) -> Key) {
        let shown = Array(items.prefix(limit))
        self.items = shown
        next = items.count > limit ? shown.last.map(key) : nil
    }
}
