public import Inventory
import Postgres

extension PostgresLedger: StockReading {
    public func stock(
        _ query: StockQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<StockItem, ProductID>> {
        try await reader.read(
            .store(query.storeID, isArchivedToo: false), freshness,
            Query(
                query.asOf == nil ? Self.stock : Self.stockAsOf,
                .int64(query.storeID.rawValue), .int64(query.after?.rawValue ?? 0), .text(query.category),
                .int64(query.below), .int64(Int64(query.limit) + 1)
            ).appending(query.asOf.map { .timestamp($0.microseconds + 1) })
        ) { rows in
            Page(try rows.map(StockItem.init), limit: query.limit, key: \.productID)
        }
    }

    public func level(_ level: LevelKey, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<StockItem> {
        try await reader.read(
            .store(level.storeID, isArchivedToo: false), freshness,
            Query(Self.level, .int64(level.storeID.rawValue), .int64(level.productID.rawValue))
        ) { rows in
            try rows.first.map(StockItem.init)
        }.found()
    }

    private static let stock = Statement(
        "read.stock",
        """
        select l.product_id, p.name, p.category, p.unit, l.on_hand, l.recorded_at
        from stock_levels l join products p using (product_id)
        where l.store_id = $1::bigint and l.product_id > $2::bigint and p.archived_at is null
            and ($3::text is null or p.category = $3::text)
            and ($4::bigint is null or l.on_hand < $4::bigint)
        order by l.product_id limit $5::bigint
        """)

    /// Each level at the last position before the moment: one index lookup per product, however much happened since.
    /// Includes archived products: they were on the shelf then.
    private static let stockAsOf = Statement(
        "read.stock_as_of",
        """
        select l.product_id, p.name, p.category, p.unit, m.on_hand_after, m.recorded_at
        from (select position_before($1::bigint, $6::timestamptz) as position) b
        cross join stock_levels l
        join products p using (product_id)
        cross join lateral (
            select on_hand_after, recorded_at from movements
            where store_id = $1::bigint and product_id = l.product_id and position <= b.position
            order by position desc limit 1
        ) m
        where l.store_id = $1::bigint and l.product_id > $2::bigint
            and ($3::text is null or p.category = $3::text)
            and ($4::bigint is null or m.on_hand_after < $4::bigint)
        order by l.product_id limit $5::bigint
        """)

    private static let level = Statement(
        "read.level",
        """
        select p.product_id, p.name, p.category, p.unit, coalesce(l.on_hand, 0), l.recorded_at
        from products p left join stock_levels l on l.store_id = $1::bigint and l.product_id = p.product_id
        where p.product_id = $2::bigint and p.archived_at is null
        """)
}

extension Query {
    fileprivate func appending(_ parameter: Parameter?) -> Query {
        Query(statement, parameters + (parameter.map { [$0] } ?? []))
    }
}
