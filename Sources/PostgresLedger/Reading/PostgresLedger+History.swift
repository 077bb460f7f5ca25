public import Inventory
import Postgres

extension PostgresLedger {
    public func entries(
        _ query: EntryQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<LedgerEntry, EntryKey>> {
        try await reader.read(
            ReadScope(historyOf: query.storeID), freshness,
            Query(
                query.productID == nil ? Self.entries : Self.entriesOfProduct,
                [
                    .int64(query.storeID?.rawValue), .int64(query.after?.storeID.rawValue),
                    .int64(query.after?.position.rawValue), .timestamp(query.period.from?.microseconds),
                    .timestamp(query.period.to?.microseconds), .int64(Int64(query.limit) + 1),
                    .text(query.type?.rawValue), .stores(in: query.scope),
                ] + (query.productID.map { [.int64($0.rawValue)] } ?? []))
        ) { rows in
            Page(try rows.map(LedgerEntry.init), limit: query.limit, key: { EntryKey($0.storeID, $0.position) })
        }
    }

    public func audit(
        _ query: AuditQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<AuditEntry, EntryKey>> {
        try await reader.read(
            ReadScope(historyOf: query.storeID), freshness, Self.statement(of: query)
        ) { rows in
            Page(try rows.map(AuditEntry.init), limit: query.limit, key: { EntryKey($0.storeID, $0.position) })
        }
    }

    static func statement(of query: AuditQuery) -> Query {
        Query(
            query.actor == nil ? audit : auditOfActor,
            [
                .int64(query.storeID?.rawValue), .int64(query.after?.storeID.rawValue),
                .int64(query.after?.position.rawValue), .timestamp(query.period.from?.microseconds),
                .timestamp(query.period.to?.microseconds), .int64(Int64(query.limit) + 1),
                .text(query.action?.rawValue), .stores(in: query.scope),
            ] + (query.actor.map { [.text($0)] } ?? []))
    }

    private static let entries = Statement("read.entries", entriesSQL())
    private static let entriesOfProduct = Statement(
        "read.entries_of_product", entriesSQL(and: "and m.product_id = $9::bigint"))

    /// $1 store or null, $2 and $3 the key to continue after, $4 and $5 the period, $6 limit, $7 type or null, $8 the
    /// stores in scope or null.
    private static func entriesSQL(and filter: String = "") -> String {
        """
        select m.store_id, m.position, m.product_id, m.type::text, m.quantity, m.on_hand_after, m.transfer_id,
            m.reference, m.note, m.occurred_at, m.recorded_at
        \(ledgersInPeriod) and s.store_id > 0
        cross join lateral (
            select * from movements m
            where m.store_id = s.store_id and m.position > b.first and m.position <= b.last
                and ($7::text is null or m.type = $7::text::movement_type) \(filter)
            order by m.position limit $6::bigint
        ) m
        order by s.store_id, m.position limit $6::bigint
        """
    }

    private static let audit = Statement("read.audit", auditSQL())
    private static let auditOfActor = Statement("read.audit_of_actor", auditSQL(and: "and m.actor = $9::text"))

    /// Parameters as above, but $7 is the action or null.
    private static func auditSQL(and filter: String = "") -> String {
        """
        select m.store_id, m.position, m.recorded_at, m.actor, m.action, m.request_id, m.detail, m.hash
        \(ledgersInPeriod)
        cross join lateral (
            select * from audit_log m
            where m.store_id = s.store_id and m.position > b.first and m.position <= b.last
                and ($7::text is null or m.action = $7::text) \(filter)
            order by m.position limit $6::bigint
        ) m
        order by s.store_id, m.position limit $6::bigint
        """
    }

    /// The ledgers to read, each with its positions that lie in the period and after the key.
    ///
    /// As a range, and not as `$1 is null or …`: then a plan for any parameters reads the stores in order, and only as
    /// many as it takes for the page. Otherwise it expects a single one, and reads a page of every store.
    private static let ledgersInPeriod = """
        from stores s
        join lateral (
            select
                greatest(
                    case when $4::timestamptz is null then 0 else position_before(s.store_id, $4::timestamptz) end,
                    case when s.store_id = $2::bigint then $3::bigint else 0 end) as first,
                case when $5::timestamptz is null then s.position
                    else position_before(s.store_id, $5::timestamptz) end as last
        ) b on s.store_id between greatest($1::bigint, $2::bigint, 0) and coalesce($1::bigint, 9223372036854775807)
            and coalesce(s.store_id = any($8::bigint[]), true)
        """
}

extension Parameter {
    /// The stores in scope, null for all.
    static func stores(in scope: StoreScope) -> Parameter {
        scope.stores.map { .int64s($0.map(\.rawValue)) } ?? .null
    }
}

extension EntryKey {
    fileprivate init(_ storeID: StoreID, _ position: Position) {
        self.init(storeID: storeID, position: position)
    }
}
