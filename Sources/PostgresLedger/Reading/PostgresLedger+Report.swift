public import Inventory
import Postgres

extension PostgresLedger {
    public func report(
        _ query: ReportQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<ReportRow, ReportRow.Key>> {
        let statement =
            switch query.grouping {
            case .product: Self.reportByProduct
            case .store: Self.reportByStore
            case .day: Self.reportByDay
            }
        return try await reader.read(
            ReadScope(historyOf: query.storeID), freshness,
            Query(
                statement, .int64(query.storeID?.rawValue), .int64(query.productID?.rawValue),
                .timestamp(query.period.from?.microseconds), .timestamp(query.period.to?.microseconds),
                .int64(query.after?.productID.rawValue ?? 0), .int64(query.after?.group ?? .min),
                .int64(Int64(query.limit) + 1), .stores(in: query.scope))
        ) { rows in
            Page(try rows.map(ReportRow.init), limit: query.limit, key: \.key)
        }
    }

    private static let reportByProduct = Statement("report.by_product", reportSQL(group: "0::bigint"))
    private static let reportByStore = Statement("report.by_store", reportSQL(group: "store_id"))

    /// A day's opening stock is the period's, plus the movements of the days before.
    private static let reportByDay = Statement(
        "report.by_day",
        """
        with \(bounds), opening as (\(opening(group: "0::bigint"))), moved as (\(moved(group: day)))
        select r.*, p.name from (
            select product_id, "group",
                (coalesce(o.on_hand, 0) + sum(net) over days - net)::bigint as opening,
                stock_in, sold, removed, transferred_in, transferred_out
            from moved m left join (select product_id, on_hand from opening) o using (product_id)
            window days as (partition by product_id order by m."group")
        ) r join products p using (product_id)
        where (product_id, "group") > ($5::bigint, $6::bigint)
        order by product_id, "group" limit $7::bigint
        """)

    /// The start of the UTC day on which a movement was recorded, in microseconds since 1970.
    private static let day =
        "(extract(epoch from date_trunc('day', recorded_at at time zone 'UTC')) * 1000000)::bigint"

    private static func reportSQL(group: String) -> String {
        """
        with \(bounds), opening as (\(opening(group: group))), moved as (\(moved(group: group)))
        select product_id, "group", coalesce(o.on_hand, 0)::bigint, coalesce(stock_in, 0)::bigint,
            coalesce(sold, 0)::bigint, coalesce(removed, 0)::bigint, coalesce(transferred_in, 0)::bigint,
            coalesce(transferred_out, 0)::bigint, p.name
        from opening o full join moved m using (product_id, "group") join products p using (product_id)
        where (product_id, "group") > ($5::bigint, $6::bigint) and (o.on_hand > 0 or m.net is not null)
        order by product_id, "group" limit $7::bigint
        """
    }

    /// $1 store or null, $2 product or null, $3 and $4 the period, $5 and $6 the key to continue after, $7 limit,
    /// $8 the stores in scope or null.
    private static let bounds = """
        bounds as materialized (
            select store_id,
                case when $3::timestamptz is null then 0 else position_before(store_id, $3::timestamptz) end as first,
                case when $4::timestamptz is null then position
                    else position_before(store_id, $4::timestamptz) end as last
            from stores where store_id > 0 and ($1::bigint is null or store_id = $1::bigint)
                and ($8::bigint[] is null or store_id = any($8::bigint[]))
        )
        """

    /// Stock on hand before the period: one index lookup per level, however long its history.
    private static func opening(group: String) -> String {
        """
        select l.product_id, \(group == "store_id" ? "l.store_id" : group) as "group", sum(m.on_hand_after) as on_hand
        from bounds b join stock_levels l using (store_id)
        cross join lateral (
            select on_hand_after from movements m
            where m.store_id = b.store_id and m.product_id = l.product_id and m.position <= b.first
            order by m.position desc limit 1
        ) m
        where b.first > 0 and l.product_id >= $5::bigint and ($2::bigint is null or l.product_id = $2::bigint)
        group by 1, 2
        """
    }

    private static func moved(group: String) -> String {
        """
        select product_id, \(group == "store_id" ? "m.store_id" : group) as "group",
            coalesce(sum(quantity) filter (where type = 'stock-in'), 0)::bigint as stock_in,
            coalesce(sum(quantity) filter (where type = 'sale'), 0)::bigint as sold,
            coalesce(sum(quantity) filter (where type = 'manual-removal'), 0)::bigint as removed,
            coalesce(sum(quantity) filter (where type = 'transfer-in'), 0)::bigint as transferred_in,
            coalesce(sum(quantity) filter (where type = 'transfer-out'), 0)::bigint as transferred_out,
            sum(case when type in ('stock-in', 'transfer-in') then quantity else -quantity end)::bigint as net
        from bounds b join movements m
            on m.store_id = b.store_id and m.position > b.first and m.position <= b.last
        where product_id >= $5::bigint and ($2::bigint is null or product_id = $2::bigint)
        group by 1, 2
        """
    }
}
