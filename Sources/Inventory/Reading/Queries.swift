/// A page of a store's stock.
public struct StockQuery: Hashable, Sendable {
    public var storeID: StoreID
    public var after: ProductID?
    public var limit: Int
    public var category: String?
    /// Only levels with less than this on hand.
    public var below: Int64?
    /// The stock at this moment, by the time of recording; `nil` for now.
    public var asOf: Timestamp?

    public init(
        storeID: StoreID, after: ProductID? = nil, limit: Int = 100, category: String? = nil, below: Int64? = nil,
        asOf: Timestamp? = nil
    ) {
        self.storeID = storeID
        self.after = after
        self.limit = limit
        self.category = category
        self.below = below
        self.asOf = asOf
    }
}

public struct StockItem: Hashable, Sendable {
    public let productID: ProductID
    public let name: String
    public let category: String?
    public let unit: String?
    public let onHand: Int64
    /// When the level last changed; `nil` if it never did.
    public let updatedAt: Timestamp?

    public init(
        productID: ProductID, name: String, category: String?, unit: String?, onHand: Int64, updatedAt: Timestamp?
    ) {
        self.productID = productID
        self.name = name
        self.category = category
        self.unit = unit
        self.onHand = onHand
        self.updatedAt = updatedAt
    }
}

public struct ProductQuery: Hashable, Sendable {
    public var after: ProductID?
    public var limit: Int
    /// Part of the name or SKU, in any case.
    public var search: String?
    public var category: String?

    public init(after: ProductID? = nil, limit: Int = 100, search: String? = nil, category: String? = nil) {
        self.after = after
        self.limit = limit
        self.search = search
        self.category = category
    }
}

public struct StoreQuery: Hashable, Sendable {
    public var scope: StoreScope
    public var after: StoreID?
    public var limit: Int

    public init(scope: StoreScope = .all, after: StoreID? = nil, limit: Int = 100) {
        self.scope = scope
        self.after = after
        self.limit = limit
    }
}

/// From `from`, inclusive, to `to`, exclusive, by the time of recording; `nil` is unbounded.
public struct Period: Hashable, Sendable {
    public var from: Timestamp?
    public var to: Timestamp?

    public init(from: Timestamp? = nil, to: Timestamp? = nil) {
        self.from = from
        self.to = to
    }
}

/// Identifies an entry of a ledger, and orders lists that span ledgers.
public struct EntryKey: Hashable, Sendable {
    public let storeID: StoreID
    public let position: Position

    public init(storeID: StoreID, position: Position) {
        self.storeID = storeID
        self.position = position
    }
}

/// Movements, oldest first within a store.
public struct EntryQuery: Hashable, Sendable {
    public var scope: StoreScope
    /// The one store that is asked about; it has to be in scope.
    public var storeID: StoreID?
    public var productID: ProductID?
    public var type: MovementType?
    public var period: Period
    public var after: EntryKey?
    public var limit: Int

    public init(
        scope: StoreScope = .all, storeID: StoreID? = nil, productID: ProductID? = nil, type: MovementType? = nil,
        period: Period = Period(),
        after: EntryKey? = nil, limit: Int = 100
    ) {
        self.scope = scope
        self.storeID = storeID
        self.productID = productID
        self.type = type
        self.period = period
        self.after = after
        self.limit = limit
    }
}

/// Audit entries, oldest first within a ledger; the catalog's is the ledger of store 0.
public struct AuditQuery: Hashable, Sendable {
    public var scope: StoreScope
    /// The one store that is asked about; it has to be in scope.
    public var storeID: StoreID?
    public var actor: String?
    public var action: AuditAction?
    public var period: Period
    public var after: EntryKey?
    public var limit: Int

    public init(
        scope: StoreScope = .all, storeID: StoreID? = nil, actor: String? = nil, action: AuditAction? = nil,
        period: Period = Period(),
        after: EntryKey? = nil, limit: Int = 100
    ) {
        self.scope = scope
        self.storeID = storeID
        self.actor = actor
        self.action = action
        self.period = period
        self.after = after
        self.limit = limit
    }
}

/// Which ledgers a read depends on, apart from the catalog.
public enum ReadScope: Sendable {
    case catalog
    case store(StoreID, isArchivedToo: Bool)
    case allStores

    /// Of the history of a store, which outlives the store, or of all.
    public init(historyOf storeID: StoreID?) {
        self = storeID.map { .store($0, isArchivedToo: true) } ?? .allStores
    }
}
