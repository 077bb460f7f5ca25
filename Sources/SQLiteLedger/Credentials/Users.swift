import Access
import GRDB
import Inventory

extension UserRecord {
    static func find(_ name: UserName, in database: Database) throws -> UserRecord? {
        try database.rows(find, name.description, decode: UserRecord.init).first
    }

    static func list(after name: UserName?, atMost limit: Int, in database: Database) throws -> [UserRecord] {
        try database.rows(list, name?.description ?? "", limit, decode: UserRecord.init)
    }

    /// - Returns: The user's name, if there is such a user.
    static func disable(_ name: UserName, in database: Database) throws -> [String] {
        try database.rows(disable, name.description, Timestamp.now.microseconds) { try $0.value(0) }
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

    private static let disable = """
        update users set disabled_at = coalesce(disabled_at, ?2) where name = ?1 returning name
        """
}

extension NewUser {
    /// - Returns: Nothing, if the name is taken.
    func insert(into database: Database) throws -> [UserRecord] {
        try database.rows(
            Self.insert, name.description, passwordHash.description, grant.role.rawValue, Timestamp.now.microseconds,
            grant.scope.json, grant.rates.readsPerSecond, grant.rates.writesPerSecond, decode: UserRecord.init)
    }

    private static let insert = """
        insert into users (name, password_hash, role, created_at, stores, reads_per_second, writes_per_second)
        values (?, ?, ?, ?, ?, ?, ?)
        on conflict (name) do nothing
        returning \(userColumns)
        """
}

private let userColumns = """
    name, password_hash, role, stores, reads_per_second, writes_per_second, created_at, disabled_at
    """
