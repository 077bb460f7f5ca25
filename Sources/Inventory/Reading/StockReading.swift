/// The read path. Every result is a consistent snapshot, and as new as its ``Freshness`` requires.
///
/// All throw `.unavailable`, `.overloaded` and, if the freshness has a position, `.positionUnavailable` and
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

    /// The freshness' position is the catalog's, here and in the four methods that follow.
    func products(
        _ query: ProductQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<Product, ProductID>>

    /// The products with this name, ignoring case; at most two, exact matches first. See `Collection.called(_:)`.
    func products(named name: String, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<[Product]>

    /// - Throws: `.notFound`.
    func product(_ id: ProductID, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<Product>

    func stores(_ query: StoreQuery, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<Page<Store, StoreID>>

    /// - Throws: `.notFound`.
    func store(_ id: StoreID, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<Store>

    /// The ledger's entries by store and position. The freshness may have a position only if the query names a store,
    /// here and in the methods that follow.
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

/// How new a read must be, and from where.
///
/// By default a read is current: it includes every change that any process acknowledged before the call, and no later
/// current read shows less.
public struct Freshness: Hashable, Sendable {
    /// The minimum position, because the client has seen it: the read fails without it.
    public var atLeast: LedgerPoint?
    /// A requirement that is known to make the read current; `nil` asks the primary.
    public var required: Requirement?
    /// Never reads from a replica.
    public var isFromPrimary = false

    public init(atLeast: LedgerPoint? = nil, required: Requirement? = nil, isFromPrimary: Bool = false) {
        self.atLeast = atLeast
        self.required = required
        self.isFromPrimary = isFromPrimary
    }
}

/// How new a document or read must be: at least at these positions of its ledger and of the catalog, in this history.
///
/// The positions of a read, in their order: ``Invalidated`` (everything up to there was invalidated) ≤ `position` (required)
/// ≤ `highest` (known to be committed). The minimum of a client, ``Freshness/atLeast``, may be above all of them.
public struct Requirement: Hashable, Sendable {
    /// The cache is invalidated for every change up to these positions, and perhaps for later ones.
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
    /// The highest position of the ledger that the cache was invalidated for.
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

    /// Whether whatever meets this requirement meets the other.
    public func covers(_ other: Requirement) -> Bool {
        history == other.history && position >= other.position && catalogPosition >= other.catalogPosition
    }
}

/// How stale a result may be that could not be proved to be current.
public struct Staleness: Hashable, Sendable {
    /// It includes every change acknowledged before this moment; `nil` if no such moment is known.
    public let provenAt: ContinuousClock.Instant?

    public init(provenAt: ContinuousClock.Instant?) {
        self.provenAt = provenAt
    }
}

/// The database that served a read.
public enum ReadSource: String, Sendable {
    case replica, primary
}

/// The result of a read: the value, and how new it is.
public struct Snapshot<Value: Sendable>: Sendable {
    public let value: Value
    /// The position of the ledger that was read: a store's or the catalog's; `nil` for several stores.
    public let position: Position?
    /// The position of the catalog, which names come from.
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

    /// Transforms the value.
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

    /// Makes a page of `limit` items from up to `limit + 1`: the extra one shows that others follow.
    public init(_ items: [Item], limit: Int, key: (Item) -> Key) {
        let shown = Array(items.prefix(limit))
        self.items = shown
        next = items.count > limit ? shown.last.map(key) : nil
    }
}
