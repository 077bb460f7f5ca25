import Access
import GRDB
import Inventory

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension APIKeyRecord {
    static func find(_ id: String, in database: Database) throws -> APIKeyRecord? {
        try database.rows(find, id, decode: APIKeyRecord.init).first
    }

    static func list(after number: APIKeyNumber?, atMost limit: Int, in database: Database) throws -> [APIKeyRecord] {
        try database.rows(list, number?.rawValue ?? 0, limit, decode: APIKeyRecord.init)
    }

    /// - Returns: The key's id, if there is such a key.
    static func revoke(_ id: String, in database: Database) throws -> [String] {
        try database.rows(revoke, id, Timestamp.now.microseconds) { try $0.value(0) }
    }

    /// - Returns: The key's id, unless it has a later use.
    static func noteUse(of id: String, at moment: Timestamp, in database: Database) throws -> [String] {
        try database.rows(noteUse, id, moment.microseconds) { try $0.value(0) }
    }

    /// From `keyColumns`, in order.
    fileprivate init(_ row: Row) throws {
        try self.init(
            id: row.value(0), number: APIKeyNumber(rawValue: row.value(1)), name: row.value(2),
            grant: Grant(row, from: 3), secretHash: row.bytes(7), createdAt: row.time(8),
            expiresAt: row.optionalTime(9), lastUsedAt: row.optionalTime(10), revokedAt: row.optionalTime(11))
    }

    private static let find = "select \(keyColumns) from api_keys where id = ?"

    private static let list = "select \(keyColumns) from api_keys where number > ? order by number limit ?"

    private static let revoke = """
        update api_keys set revoked_at = coalesce(revoked_at, ?2) where id = ?1 returning id
        """

    private static let noteUse = """
        update api_keys set last_used_at = ?2 where id = ?1 and (last_used_at is null or last_used_at < ?2) returning id
        """
}

extension NewAPIKey {
    func insert(into database: Database) throws -> [APIKeyRecord] {
        try database.rows(
            Self.insert, id, name, grant.role.rawValue, Data(secretHash), Timestamp.now.microseconds,
            expiresAt?.microseconds, grant.scope.json, grant.rates.readsPerSecond, grant.rates.writesPerSecond,
            decode: APIKeyRecord.init)
    }

    private static let insert = """
        insert into api_keys
            (id, name, role, secret_hash, created_at, expires_at, stores, reads_per_second, writes_per_second)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?)
        returning \(keyColumns)
        """
}

private let keyColumns = """
    id, number, name, role, stores, reads_per_second, writes_per_second, secret_hash, created_at, expires_at,
    last_used_at, revoked_at
    """
