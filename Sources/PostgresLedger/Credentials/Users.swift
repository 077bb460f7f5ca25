import Access
import Inventory
import Postgres

extension UserRecord {
    /// From `userColumns`, in order.
    init(_ row: Row) throws {
        let text = try row.text(0)
        guard let name = UserName(text) else { throw UnreadableData("a user is called \(text)") }
        try self.init(
            name: name, passwordHash: row.text(1), grant: Grant(row, from: 2), createdAt: row.moment(6),
            disabledAt: row.optionalMoment(7))
    }
}

private let userColumns = """
    name, password_hash, role, stores, reads_per_second, writes_per_second, created_at, disabled_at
    """

extension Statement {
    static let findUser = Statement("users.find", "select \(userColumns) from users where name = $1::text")

    static let insertUser = Statement(
        "users.insert",
        """
        insert into users (name, password_hash, role, stores, reads_per_second, writes_per_second)
        values ($1::text, $2::text, $3::text, $4::bigint[], $5::bigint, $6::bigint)
        on conflict (name) do nothing
        returning \(userColumns)
        """)

    static let listUsers = Statement(
        "users.list", "select \(userColumns) from users where name > $1::text order by name limit $2::bigint")

    static let disableUser = Statement(
        "users.disable",
        "update users set disabled_at = coalesce(disabled_at, now()) where name = $1::text returning name")
}
