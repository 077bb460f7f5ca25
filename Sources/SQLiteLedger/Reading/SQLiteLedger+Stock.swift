import GRDB
public import Inventory

extension SQLiteLedger: StockReading {
    public func stock(
        _ query: StockQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<StockItem, ProductID>> {
        try await reader.read(.store(query.storeID, isArchivedToo: false), freshness) { database in
            let items =
                if let moment = query.asOf {
                    try stock(query, at: moment, database)
                } else {
                    try database.rows(
                        Self.stock, query.storeID.rawValue, query.after?.rawValue ?? 0, query.category, query.below,
                        query.limit + 1, decode: StockItem.init)
                }
            return Page(items, limit: query.limit, key: \.productID)
        }
    }

    public func level(_ level: LevelKey, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<StockItem> {
        try await reader.read(.store(level.storeID, isArchivedToo: false), freshness) { database in
            try database.rows(
                Self.level, level.storeID.rawValue, level.productID.rawValue, decode: StockItem.init
            ).found()
        }
    }

    private func stock(_ query: StockQuery, at moment: Timestamp, _ database: Database) throws -> [StockItem] {
        let afterMoment = Timestamp(microseconds: moment.microseconds + 1)
        let position = try database.lastPosition(of: query.storeID, before: afterMoment)
        return try database.rows(
            Self.stockAsOf, query.storeID.rawValue, query.after?.rawValue ?? 0, query.category, query.below,
            query.limit + 1, position.rawValue, decode: StockItem.init)
    }

    private static let stock = """
        select l.product_id, p.name, p.category, p.unit, l.on_hand, l.recorded_at
        from stock_levels l join products p using (product_id)
        where l.store_id = ?1 and l.product_id > ?2 and p.archived_at is null
            and (?3 is null or p.category = ?3) and (?4 is null or l.on_hand < ?4)
        order by l.product_id limit ?5
        """

    /// Each level at the last position before the moment: one probe per product, however long the history since.
    /// Includes archived products, which may have had stock then.
    private static let stockAsOf = """
        select l.product_id, p.name, p.category, p.unit, m.on_hand_after, m.recorded_at
        from stock_levels l join products p using (product_id)
        join movements m on m.store_id = l.store_id and m.position = (
            select max(position) from movements
            where store_id = l.store_id and product_id = l.product_id and position <= ?6)
        where l.store_id = ?1 and l.product_id > ?2
            and (?3 is null or p.category = ?3) and (?4 is null or m.on_hand_after < ?4)
        order by l.product_id limit ?5
        """

    private static let level = """
        select p.product_id, p.name, p.category, p.unit, coalesce(l.on_hand, 0), l.recorded_at
        from products p left join stock_levels l on l.store_id = ? and l.product_id = p.product_id
        where p.product_id = ? and p.archived_at is null
        """
}

extension Array {
    /// The one element.
    /// - Throws: `LedgerError.notFound` if there is none.
    func found() throws -> Element {
        guard let first else { throw LedgerError.notFound }
        return first
    }
}
