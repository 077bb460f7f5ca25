/// The read path. Every answer is one consistent snapshot, and as new as its ``Freshness`` asks.
///
/// All throw `.unavailable`, `.overloaded` and, if the freshness names a position, `.positionUnavailable` and
/// `.historyChanged`.
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
///
/// By default it is current: it shows all that was acknowledged before the call, whoever acknowledged it; and no later
/// current read shows less than this one.
public struct Freshness: Hashable, Sendable {
    /// What a client has seen of the ledger that is read: without at least that, the read fails.
    public var atLeast: LedgerPoint?
    /// What is known to be enough for the read to be current; without it, the primary is asked.
    public var required: Requirement?
    /// Not from a replica, however new.
    public var isFromPrimary = false

    public init(atLeast: LedgerPoint? = nil, required: Requirement? = nil, isFromPrimary: Bool = false) {
        self.atLeast = atLeast
        self.required = required
        self.isFromPrimary = isFromPrimary
    }
}

/// How new something has to be: at these positions of its ledger and of the catalog, of this history, or later.
public struct Requirement: Hashable, Sendable {
    /// What the cache has been told of the ledgers: every change up to these positions, and perhaps some beyond.
    public struct Invalidated: Hashable, Sendable {
        public var position: Position
        public var catalogPosition: Position
        /// The product whose changes matter; `nil` if all do.
        public var productID: ProductID?

        public init(position: Position, catalogPosition: Position, productID: ProductID? = nil) {
            self.position = position
            self.catalogPosition = catalogPosition
            self.productID = productID
        }
    }

    public var history: History
    public var position: Position
    public var catalogPosition: Position
    /// The highest position of the ledger that anybody was told of.
    public var highest: Position
    public var invalidated: Invalidated

    public init(
        history: History, position: Position, catalogPosition: Position, highest: Position, invalidated: Invalidated
    ) {
        self.history = history
        self.position = position
        self.catalogPosition = catalogPosition
        self.highest = highest
        self.invalidated = invalidated
    }

    /// Whether what is enough for this is enough for the other too.
    public func covers(_ other: Requirement) -> Bool {
        history == other.history && position >= other.position && catalogPosition >= other.catalogPosition
    }
}

/// What is known of an answer that could not be proved to be current.
public struct Staleness: Hashable, Sendable {
    /// It shows all that was acknowledged before this moment; `nil` if no such moment is known.
    public let provenAt: ContinuousClock.Instant?

    public init(provenAt: ContinuousClock.Instant?) {
        self.provenAt = provenAt
    }
}

/// Current reads, of a client that has seen a position.
extension StockReading {
    public func stock(
        _ query: StockQuery, atLeast: Position?
    ) async throws(LedgerError) -> Snapshot<Page<StockItem, ProductID>> {
        try await stock(query, Freshness(atLeast: atLeast.map { LedgerPoint($0) }))
    }

    public func level(_ level: LevelKey, atLeast: Position?) async throws(LedgerError) -> Snapshot<StockItem> {
        try await self.level(level, Freshness(atLeast: atLeast.map { LedgerPoint($0) }))
    }

    public func products(
        _ query: ProductQuery, atLeast: Position?
    ) async throws(LedgerError) -> Snapshot<Page<Product, ProductID>> {
        try await products(query, Freshness(atLeast: atLeast.map { LedgerPoint($0) }))
    }

    public func products(named name: String, atLeast: Position?) async throws(LedgerError) -> Snapshot<[Product]> {
        try await products(named: name, Freshness(atLeast: atLeast.map { LedgerPoint($0) }))
    }

    public func product(_ id: ProductID, atLeast: Position?) async throws(LedgerError) -> Snapshot<Product> {
        try await product(id, Freshness(atLeast: atLeast.map { LedgerPoint($0) }))
    }

    public func stores(
        _ query: StoreQuery, atLeast: Position?
    ) async throws(LedgerError) -> Snapshot<Page<Store, StoreID>> {
        try await stores(query, Freshness(atLeast: atLeast.map { LedgerPoint($0) }))
    }

    public func store(_ id: StoreID, atLeast: Position?) async throws(LedgerError) -> Snapshot<Store> {
        try await store(id, Freshness(atLeast: atLeast.map { LedgerPoint($0) }))
    }

    public func entries(
        _ query: EntryQuery, atLeast: Position?
    ) async throws(LedgerError) -> Snapshot<Page<LedgerEntry, EntryKey>> {
        try await entries(query, Freshness(atLeast: atLeast.map { LedgerPoint($0) }))
    }

    public func audit(
        _ query: AuditQuery, atLeast: Position?
    ) async throws(LedgerError) -> Snapshot<Page<AuditEntry, EntryKey>> {
        try await audit(query, Freshness(atLeast: atLeast.map { LedgerPoint($0) }))
    }

    public func report(
        _ query: ReportQuery, atLeast: Position?
    ) async throws(LedgerError) -> Snapshot<Page<ReportRow, ReportRow.Key>> {
        try await report(query, Freshness(atLeast: atLeast.map { LedgerPoint($0) }))
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
    /// The history that the positions belong to.
    public let history: History
    public let source: ReadSource
    /// `nil` if it is current.
    public let unproven: Staleness?

    public init(
        value: Value, position: Position?, catalogPosition: Position, history: History, source: ReadSource,
        unproven: Staleness? = nil
    ) {
        self.value = value
        self.position = position
        self.catalogPosition = catalogPosition
        self.history = history
        self.source = source
        self.unproven = unproven
    }

    /// The same with what was made of its value.
    public func map<Other>(_ body: (Value) -> Other) -> Snapshot<Other> {
        Snapshot<Other>(
            value: body(value), position: position, catalogPosition: catalogPosition, history: history, source: source,
            unproven: unproven)
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
