public import Inventory
import Postgres

extension PostgresLedger: ChangeReading {
    public func heads(of scope: StoreScope) async throws(LedgerError) -> [LedgerHead] {
        do {
            // Whose timeouts are short, so that readers learn soon that the primary does not respond.
            return try await watch.run { session in
                try session.execute(Self.heads, .stores(in: scope)).map(LedgerHead.init)
            }
        } catch {
            throw LedgerError(readFailure: error, observer)
        }
    }

    public func changes(
        from keys: [EntryKey], limit: Int
    ) async throws(LedgerError) -> Snapshot<[AuditEntry]> {
        let scope = ReadScope(historyOf: keys.count == 1 ? keys[0].storeID : nil)
        return try await reader.read(
            scope, Freshness(),
            Query(
                Self.changes, .int64s(keys.map(\.storeID.rawValue)), .int64s(keys.map(\.position.rawValue)),
                .int64(Int64(limit)))
        ) { rows in try rows.map(AuditEntry.init) }
    }

    private static let heads = Statement(
        "changes.heads",
        """
        select store_id, position, audit_head, recorded_at from stores
        where $1::bigint[] is null or store_id = any($1::bigint[])
        """)

    private static let changes = Statement(
        "changes.entries",
        """
        select e.store_id, e.position, e.recorded_at, e.actor, e.action, e.request_id, e.detail, e.hash
        from unnest($1::bigint[], $2::bigint[]) as k (store_id, position)
        cross join lateral (
            select * from audit_log e
            where e.store_id = k.store_id and e.position >= k.position
            order by e.position limit $3::bigint
        ) e
        order by e.store_id, e.position
        """)
}
