import Inventory
import Postgres

extension LedgerHead {
    static func update(_ heads: some Collection<LedgerHead>) -> Query {
        Query(
            updateHeads,
            .int64s(heads.map(\.storeID.rawValue)),
            .int64s(heads.map(\.position.rawValue)),
            .byteArrays(heads.map(\.hash.bytes)),
            .timestamps(heads.map(\.recordedAt.microseconds)))
    }

    private static let updateHeads = Statement(
        "stores.update_heads",
        """
        update stores s set position = n.position, audit_head = n.hash, recorded_at = n.recorded_at
        from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::timestamptz[])
            as n (store_id, position, hash, recorded_at)
        where s.store_id = n.store_id
        """)
}

extension AuditEntry {
    static func insert(_ entries: [AuditEntry]) -> Query {
        Query(insertEntries, [.int64s(entries.map(\.storeID.rawValue))] + columns(of: entries))
    }

    /// All but the store's id.
    static func columns(of entries: [AuditEntry]) -> [Parameter] {
        [
            .int64s(entries.map(\.position.rawValue)),
            .timestamps(entries.map(\.recordedAt.microseconds)),
            .texts(entries.map(\.actor)),
            .texts(entries.map(\.actionName)),
            .texts(entries.map(\.requestID)),
            .texts(entries.map(\.detail)),
            .byteArrays(entries.map(\.hash.bytes)),
        ]
    }

    private static let insertEntries = Statement(
        "audit.insert",
        """
        insert into audit_log (store_id, position, recorded_at, actor, action, request_id, detail, hash)
        select * from unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[],
            $7::text[], $8::bytea[])
        """)
}
