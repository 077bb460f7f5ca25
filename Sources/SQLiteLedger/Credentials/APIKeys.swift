import Access
import GRDB
import Inventory

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension APIKeyRecord: StoredCredential {
    static func find(_ id: String, in database: Database) throws -> APIKeyRecord? {
        try database.rows(find, id, decode: APIKeyRecord.init).first
    }

    static func list(after number: APIKeyNumber?, atMost limit: Int, in database: Database) throws -> [APIKeyRecord] {
        try database.rows(list, number?.rawValue ?? 0, limit, decode: APIKeyRecord.init)
    }

    func put(_ version: Position, in database: Database) throws -> APIKeyRecord {
        try database.rows(
            Self.put, version.rawValue, id, name, grant.role.rawValue, grant.scope.json, grant.rates.readsPerSecond,
            grant.rates.writesPerSecond, Data(secretHash), createdAt.microseconds, expiresAt?.microseconds,
            revokedAt?.microseconds, decode: APIKeyRecord.init
        ).found()
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

    private static let put = """
        insert into api_keys (version, id, name, role, stores, reads_per_second, writes_per_second, secret_hash,
            created_at, expires_at, revoked_at)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        on conflict (id) do update
        set version = excluded.version, name = excluded.name, role = excluded.role, stores = excluded.stores,
            reads_per_second = excluded.reads_per_second, writes_per_second = excluded.writes_per_second,
            secret_hash = excluded.secret_hash, expires_at = excluded.expires_at, revoked_at = excluded.revoked_at
        returning \(keyColumns)
        """

    private static let noteUse = """
        update api_keys set last_used_at = ?2 where id = ?1 and (last_used_at is null or last_used_at < ?2) returning id
        """
}

private let keyColumns = """
    id, number, name, role, stores, reads_per_second, writes_per_second, secret_hash, created_at, expires_at,
    last_used_at, revoked_at
    """
