/// A report on the movements of stock in a period.
public struct ReportQuery: Hashable, Sendable {
    /// Rows are ordered by product, and within a product by store or day, if grouped by these.
    public enum Grouping: String, CaseIterable, Sendable {
        case product, store
        /// UTC days. A day on which a product did not move has no row.
        case day
    }

    public var scope: StoreScope
    /// The one store that is asked about; it has to be in scope.
    public var storeID: StoreID?
    public var productID: ProductID?
    public var period: Period
    public var grouping: Grouping
    public var after: ReportRow.Key?
    public var limit: Int

    public init(
        scope: StoreScope = .all, storeID: StoreID? = nil, productID: ProductID? = nil, period: Period = Period(),
        grouping: Grouping = .product, after: ReportRow.Key? = nil, limit: Int = 100
    ) {
        self.scope = scope
        self.storeID = storeID
        self.productID = productID
        self.period = period
        self.grouping = grouping
        self.after = after
        self.limit = limit
    }
}

/// `opening + stockIn - sold - removed + transferredIn - transferredOut = closing`.
public struct ReportRow: Hashable, Sendable {
    /// Identifies and orders rows.
    public struct Key: Hashable, Sendable {
        public let productID: ProductID
        /// By the grouping: the store's id, the start of the day in microseconds since 1970, or 0.
        public let group: Int64

        public init(productID: ProductID, group: Int64) {
            self.productID = productID
            self.group = group
        }
    }

    public let key: Key
    public let name: String
    public let opening: Int64
    public let stockIn: Int64
    public let sold: Int64
    public let removed: Int64
    public let transferredIn: Int64
    public let transferredOut: Int64

    public init(
        key: Key, name: String, opening: Int64, stockIn: Int64, sold: Int64, removed: Int64, transferredIn: Int64,
        transferredOut: Int64
    ) {
        self.key = key
        self.name = name
        self.opening = opening
        self.stockIn = stockIn
        self.sold = sold
        self.removed = removed
        self.transferredIn = transferredIn
        self.transferredOut = transferredOut
    }

    /// Wraps instead of trapping, because the values come from a server or a table.
    public var closing: Int64 { opening &+ stockIn &- sold &- removed &+ transferredIn &- transferredOut }
}
