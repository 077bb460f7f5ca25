import Access
import Inventory
import Postgres

extension APIKeyRecord {
    /// From `keyColumns`, in order.
    init(_ row: Row) throws {
        try self.init(
            id: row.text(0), number: APIKeyNumber(rawValue: row.int64(1)), name: row.text(2),
            grant: Grant(row, from: 3), secretHash: row.bytes(7), createdAt: row.moment(8),
            expiresAt: row.optionalMoment(9), lastUsedAt: row.optionalMoment(10), revokedAt: row.optionalMoment(11))
    }
}

private let keyColumns = """
    id, number, name, role, stores, reads_per_second, writes_per_second, secret_hash, created_at, expires_at,
    last_used_at, revoked_at
    """

extension Statement {
    static let findKey = Statement("api_keys.find", "select \(keyColumns) from api_keys where id = $1::text")

    static let insertKey = Statement(
        "api_keys.insert",
        """
        insert into api_keys
            (id, name, role, secret_hash, expires_at, stores, reads_per_second, writes_per_second)
        values
            ($1::text, $2::text, $3::text, $4::bytea, $5::timestamptz, $6::bigint[], $7::bigint, $8::bigint)
        returning \(keyColumns)
        """)

    static let listKeys = Statement(
        "api_keys.list",
        "select \(keyColumns) from api_keys where number > $1::bigint order by number limit $2::bigint")

    static let revokeKey = Statement(
        "api_keys.revoke",
        "update api_keys set revoked_at = coalesce(revoked_at, now()) where id = $1::text returning id")

    /// Skips rows that another instance is updating: its time is as recent, and deadlocks are impossible.
    static let noteUses = Statement(
        "api_keys.note_uses",
        """
        with used as (
            select id, uses.moment
            from unnest($1::text[], $2::timestamptz[]) as uses (id, moment) join api_keys using (id)
            where last_used_at is null or last_used_at < uses.moment
            for no key update of api_keys skip locked
        )
        update api_keys set last_used_at = used.moment from used where api_keys.id = used.id
        returning api_keys.id
        """)
}
