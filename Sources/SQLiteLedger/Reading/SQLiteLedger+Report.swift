import GRDB
public import Inventory

extension SQLiteLedger {
    public func report(
        _ query: ReportQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<ReportRow, ReportRow.Key>> {
        let statement =
            switch query.grouping {
            case .product: Self.reportByProduct
            case .store: Self.reportByStore
            case .day: Self.reportByDay
            }
        return try await reader.read(ReadScope(historyOf: query.storeID), freshness) { database in
            let ranges = try database.positions(
                in: query.period, of: query.storeID, scope: query.scope, from: StoreID(rawValue: 1))
            let rows = try database.rows(
                statement, ranges.json, query.productID?.rawValue, query.after?.productID.rawValue ?? 0,
                query.after?.group ?? .min, query.limit + 1, decode: ReportRow.init)
            return Page(rows, limit: query.limit, key: \.key)
        }
    }

    private static let reportByProduct = reportSQL(group: "0")
    private static let reportByStore = reportSQL(group: "m.store_id")

    /// A day's opening stock is that of the period plus all movements of the days before.
    private static let reportByDay = """
        with \(bounds), opening as (\(opening(group: "0"))), moved as (\(moved(group: day)))
        select r.*, p.name from (
            select m.product_id, m."group", coalesce(o.on_hand, 0) + sum(net) over days - net as opening,
                stock_in, sold, removed, transferred_in, transferred_out
            from moved m left join opening o on o.product_id = m.product_id
            window days as (partition by m.product_id order by m."group")
        ) r join products p using (product_id)
        where (r.product_id, r."group") > (?3, ?4)
        order by r.product_id, r."group" limit ?5
        """

    /// The start of the movement's UTC day, in microseconds since 1970; rounded down, also before 1970.
    private static let day = """
        m.recorded_at - (m.recorded_at % 86400000000 + 86400000000) % 86400000000
        """

    /// The opening stock and the movements, combined by key.
    private static func reportSQL(group: String) -> String {
        """
        with \(bounds), opening as (\(opening(group: group))), moved as (\(moved(group: group))),
        parts as (
            select product_id, "group", on_hand, 0 as stock_in, 0 as sold, 0 as removed, 0 as transferred_in,
                0 as transferred_out, on_hand > 0 as is_shown
            from opening
            union all
            select product_id, "group", 0, stock_in, sold, removed, transferred_in, transferred_out, 1 from moved
        )
        select product_id, "group", sum(on_hand), sum(stock_in), sum(sold), sum(removed), sum(transferred_in),
            sum(transferred_out), p.name
        from parts join products p using (product_id)
        where (product_id, "group") > (?3, ?4)
        group by product_id, "group" having max(is_shown)
        order by product_id, "group" limit ?5
        """
    }

    /// ?1 the ledgers and their positions as JSON, ?2 product or null, ?3 and ?4 the key to continue after, ?5 limit.
    private static let bounds = """
        bounds as materialized (
            select value ->> 0 as store_id, value ->> 1 as first, value ->> 2 as last from json_each(?1)
        )
        """

    /// The stock before the period: one probe per level, however long the history.
    private static func opening(group: String) -> String {
        """
        select m.product_id, \(group) as "group", sum(m.on_hand_after) as on_hand
        from bounds b cross join stock_levels l on l.store_id = b.store_id
        cross join movements m on m.store_id = b.store_id and m.position = (
            select max(position) from movements
            where store_id = b.store_id and product_id = l.product_id and position <= b.first)
        where b.first > 0 and l.product_id >= ?3 and (?2 is null or l.product_id = ?2)
        group by 1, 2
        """
    }

    private static func moved(group: String) -> String {
        """
        select m.product_id, \(group) as "group",
            coalesce(sum(quantity) filter (where type = 'stock-in'), 0) as stock_in,
            coalesce(sum(quantity) filter (where type = 'sale'), 0) as sold,
            coalesce(sum(quantity) filter (where type = 'manual-removal'), 0) as removed,
            coalesce(sum(quantity) filter (where type = 'transfer-in'), 0) as transferred_in,
            coalesce(sum(quantity) filter (where type = 'transfer-out'), 0) as transferred_out,
            sum(case when type in ('stock-in', 'transfer-in') then quantity else -quantity end) as net
        from bounds b cross join movements m
            on m.store_id = b.store_id and m.position > b.first and m.position <= b.last
        where m.product_id >= ?3 and (?2 is null or m.product_id = ?2)
        group by 1, 2
        """
    }
}

extension [PositionRange] {
    /// As `[[store_id, first, last], …]`.
    fileprivate var json: String {
        "[\(map { "[\($0.storeID),\($0.first),\($0.last)]" }.joined(separator: ","))]"
    }
}
