import Inventory
import Postgres

extension IdempotencyRecord {
    /// The records of these keys, as `principal, key, fingerprint, outcome`. Expired records are valid until they are
    /// deleted.
    static func query(_ keys: [IdempotencyKey.Scope]) -> Query {
        Query(select, .texts(keys.map(\.principal)), .texts(keys.map(\.key)))
    }

    init(_ row: Row) throws {
        try self.init(
            IdempotencyKey(principal: row.text(0), key: row.text(1), fingerprint: row.bytes(2)),
            Outcome(json: row.text(3)))
    }

    /// In order of their keys, so that transactions with the same keys never deadlock.
    static func insert(_ records: [IdempotencyRecord]) -> Query {
        let records = records.sorted { $0.key.scope < $1.key.scope }
        return Query(
            insert,
            .texts(records.map(\.key.principal)),
            .texts(records.map(\.key.key)),
            .byteArrays(records.map(\.key.fingerprint)),
            .texts(records.map { $0.outcome.json() }),
            .bools(records.map(\.key.isPermanent)))
    }

    private static let select = Statement(
        "idempotency.select",
        """
        select i.principal, i.key, i.fingerprint, i.outcome
        from unnest($1::text[], $2::text[]) as n (principal, key) join idempotency i using (principal, key)
        """)

    /// Kept for 25 hours: at least 24, even if clocks are a little off.
    private static let insert = Statement(
        "idempotency.insert",
        """
        insert into idempotency (principal, key, fingerprint, outcome, expires_at)
        select principal, key, fingerprint, outcome,
            case when is_permanent then 'infinity' else now() + interval '25 hours' end
        from unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::boolean[])
            as n (principal, key, fingerprint, outcome, is_permanent)
        """)
}
