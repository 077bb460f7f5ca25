public import Inventory
import Postgres

/// Reads what was moved, however many entries followed since.
extension PromotionTarget {
    public func totals(of storeID: StoreID, upTo position: Position) async throws -> LedgerTotals {
        try await database.run { session in
            let row = try session.execute(Self.totals, .int64(storeID.rawValue), .int64(position.rawValue)).one()
            return try LedgerTotals(
                entries: row.int64(0), movements: row.int64(1),
                hash: row.optionalBytes(2) == nil ? nil : row.auditHash(2))
        }
    }

    /// The levels of a store at a position, by product. Those that have not changed since come from the table of
    /// levels, the others from their last movement up to the position.
    public func levels(
        of storeID: StoreID, at position: Position, after productID: ProductID?, limit: Int
    ) async throws -> [StoredLevel] {
        try await database.run { session in
            try session.execute(
                Self.levels, .int64(storeID.rawValue), .int64(position.rawValue), .int64(productID?.rawValue ?? 0),
                .int64(Int64(limit))
            ).map(StoredLevel.init)
        }
    }

    public func catalogContents() async throws -> CatalogContents {
        try await database.snapshot { session in try CatalogContents(session) }
    }

    private static let totals = Statement(
        "promotion.totals",
        """
        select (select count(*) from audit_log where store_id = $1::bigint and position <= $2::bigint),
            (select count(*) from movements where store_id = $1::bigint and position <= $2::bigint),
            (select hash from audit_log where store_id = $1::bigint and position = $2::bigint)
        """)

    private static let levels = Statement(
        "promotion.levels",
        """
        select product_id, on_hand, position, recorded_at from stock_levels
        where store_id = $1::bigint and product_id > $3::bigint and position <= $2::bigint
        union all
        select l.product_id, m.on_hand_after, m.position, m.recorded_at from stock_levels l
        cross join lateral (
            select on_hand_after, position, recorded_at from movements
            where store_id = $1::bigint and product_id = l.product_id and position <= $2::bigint
            order by position desc limit 1
        ) m
        where l.store_id = $1::bigint and l.product_id > $3::bigint and l.position > $2::bigint
        order by product_id limit $4::bigint
        """)
}
