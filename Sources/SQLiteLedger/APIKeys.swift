public import Access
import GRDB
public import Inventory

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension SQLiteLedger: APIKeyStoring {
    public func apiKey(_ id: String) async throws(LedgerError) -> APIKeyRecord? {
        try await reader.run { database in
            try database.rows(Self.findKey, id, decode: APIKeyRecord.init).first
        }
    }

    public func addAPIKey(
        id: String, name: String, role: Role, secretHash: [UInt8], expiresAt: Timestamp?
    ) async throws(LedgerError) -> APIKeyRecord {
        let record = APIKeyRecord(
            id: id, name: name, role: role, secretHash: secretHash, createdAt: .now, expiresAt: expiresAt,
            revokedAt: nil)
        do {
            return try await transactions.run { database in
                try record.insert(into: database)
                return Written(value: record, isEmpty: false)
            }
        } catch {
            throw LedgerError(error, observer)
        }
    }

    /// Whether a key was ever made: whoever opens a new file has none to show.
    public func hasAPIKeys() async throws(LedgerError) -> Bool {
        try await reader.run { database in
            try !database.rows("select 1 from api_keys limit 1", decode: { _ in () }).isEmpty
        }
    }

    private static let findKey = """
        select id, name, role, secret_hash, created_at, expires_at, revoked_at from api_keys where id = ?
        """
}

extension APIKeyRecord {
    fileprivate func insert(into database: Database) throws {
        try database.run(
            Self.insert, id, name, role.rawValue, Data(secretHash), createdAt.microseconds, expiresAt?.microseconds)
    }

    fileprivate init(_ row: Row) {
        guard let role = Role(rawValue: row[2]) else {
            preconditionFailure("the schema has a role that this program does not know")
        }
        self.init(
            id: row[0], name: row[1], role: role, secretHash: row.bytes(3), createdAt: row.time(4),
            expiresAt: row.optionalTime(5), revokedAt: row.optionalTime(6))
    }

    private static let insert = """
        insert into api_keys (id, name, role, secret_hash, created_at, expires_at) values (?, ?, ?, ?, ?, ?)
        """
}
