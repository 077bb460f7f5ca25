import Access
import Inventory
import Postgres

extension APIKeyRecord: StoredCredential {
    /// From `keyColumns`, in order.
    init(_ row: Row) throws {
        try self.init(
            id: row.text(0), number: APIKeyNumber(rawValue: row.int64(1)), name: row.text(2),
            grant: Grant(row, from: 3), secretHash: row.bytes(7), createdAt: row.moment(8),
            expiresAt: row.optionalMoment(9), lastUsedAt: row.optionalMoment(10), revokedAt: row.optionalMoment(11))
    }

    static let find = Statement("api_keys.find", "select \(keyColumns) from api_keys where id = $1::text")

    static func all(_ session: Session) throws -> [APIKeyRecord] {
        try session.execute(.listKeys, .int64(0), .int64(Int64.max)).map(APIKeyRecord.init)
    }

    func put(_ version: Position) -> Query {
        Query(
            Self.put, .int64(version.rawValue), .text(id), .text(name), .text(grant.role.rawValue),
            .stores(in: grant.scope), .int64(grant.rates.readsPerSecond), .int64(grant.rates.writesPerSecond),
            .bytes(secretHash), .timestamp(createdAt.microseconds), .timestamp(expiresAt?.microseconds),
            .timestamp(revokedAt?.microseconds))
    }

    private static let put = Statement(
        "api_keys.put",
        """
        insert into api_keys (version, id, name, role, stores, reads_per_second, writes_per_second, secret_hash,
            created_at, expires_at, revoked_at)
        values ($1::bigint, $2::text, $3::text, $4::text, $5::bigint[], $6::bigint, $7::bigint, $8::bytea,
            $9::timestamptz, $10::timestamptz, $11::timestamptz)
        on conflict (id) do update
        set version = excluded.version, name = excluded.name, role = excluded.role, stores = excluded.stores,
            reads_per_second = excluded.reads_per_second, writes_per_second = excluded.writes_per_second,
            secret_hash = excluded.secret_hash, expires_at = excluded.expires_at, revoked_at = excluded.revoked_at
        returning \(keyColumns)
        """)
}

private let keyColumns = """
    id, number, name, role, stores, reads_per_second, writes_per_second, secret_hash, created_at, expires_at,
    last_used_at, revoked_at
    """

extension Statement {
    static let listKeys = Statement(
        "api_keys.list",
        "select \(keyColumns) from api_keys where number > $1::bigint order by number limit $2::bigint")

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
