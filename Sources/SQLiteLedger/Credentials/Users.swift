import Access
import GRDB
import Inventory

extension UserRecord: StoredCredential {
    static func find(_ name: String, in database: Database) throws -> UserRecord? {
        try database.rows(find, name, decode: UserRecord.init).first
    }

    static func list(after name: UserName?, atMost limit: Int, in database: Database) throws -> [UserRecord] {
        try database.rows(list, name?.description ?? "", limit, decode: UserRecord.init)
    }

    func put(_ version: Position, in database: Database) throws -> UserRecord {
        try database.rows(
            Self.put, version.rawValue, name.description, passwordHash, grant.role.rawValue, grant.scope.json,
            grant.rates.readsPerSecond, grant.rates.writesPerSecond, createdAt.microseconds, disabledAt?.microseconds,
            decode: UserRecord.init
        ).found()
    }

    /// From `userColumns`, in order.
    fileprivate init(_ row: Row) throws {
        guard let name = UserName(try row.value(0)) else {
            throw DatabaseError(damaged: "a user has no name that a user can have")
        }
        try self.init(
            name: name, passwordHash: row.value(1), grant: Grant(row, from: 2), createdAt: row.time(6),
            disabledAt: row.optionalTime(7))
    }

    private static let find = "select \(userColumns) from users where name = ?"

    private static let list = "select \(userColumns) from users where name > ? order by name limit ?"

    private static let put = """
        insert into users (version, name, password_hash, role, stores, reads_per_second, writes_per_second, created_at,
            disabled_at)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?)
        on conflict (name) do update
        set version = excluded.version, password_hash = excluded.password_hash, role = excluded.role,
            stores = excluded.stores, reads_per_second = excluded.reads_per_second,
            writes_per_second = excluded.writes_per_second, disabled_at = excluded.disabled_at
        returning \(userColumns)
        """
}

private let userColumns = """
    name, password_hash, role, stores, reads_per_second, writes_per_second, created_at, disabled_at
    """
