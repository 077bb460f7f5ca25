import Access
import Inventory
import Postgres

extension UserRecord: StoredCredential {
    /// From `userColumns`, in order.
    init(_ row: Row) throws {
        let text = try row.text(0)
        guard let name = UserName(text) else { throw UnreadableData("a user is called \(text)") }
        try self.init(
            name: name, passwordHash: row.text(1), grant: Grant(row, from: 2), createdAt: row.moment(6),
            disabledAt: row.optionalMoment(7))
    }

    static let find = Statement("users.find", "select \(userColumns) from users where name = $1::text")

    static func all(_ session: Session) throws -> [UserRecord] {
        try session.execute(.listUsers, .text(""), .int64(Int64.max)).map(UserRecord.init)
    }

    func put(_ version: Position) -> Query {
        Query(
            Self.put, .int64(version.rawValue), .text(name.description), .text(passwordHash),
            .text(grant.role.rawValue), .stores(in: grant.scope), .int64(grant.rates.readsPerSecond),
            .int64(grant.rates.writesPerSecond), .timestamp(createdAt.microseconds),
            .timestamp(disabledAt?.microseconds))
    }

    private static let put = Statement(
        "users.put",
        """
        insert into users (version, name, password_hash, role, stores, reads_per_second, writes_per_second, created_at,
            disabled_at)
        values ($1::bigint, $2::text, $3::text, $4::text, $5::bigint[], $6::bigint, $7::bigint, $8::timestamptz,
            $9::timestamptz)
        on conflict (name) do update
        set version = excluded.version, password_hash = excluded.password_hash, role = excluded.role,
            stores = excluded.stores, reads_per_second = excluded.reads_per_second,
            writes_per_second = excluded.writes_per_second, disabled_at = excluded.disabled_at
        returning \(userColumns)
        """)
}

private let userColumns = """
    name, password_hash, role, stores, reads_per_second, writes_per_second, created_at, disabled_at
    """

extension Statement {
    static let listUsers = Statement(
        "users.list", "select \(userColumns) from users where name > $1::text order by name limit $2::bigint")
}
