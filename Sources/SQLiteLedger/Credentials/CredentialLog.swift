import Access
import GRDB
import Inventory

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The log of keys and users.
enum CredentialLog {
    static func head(in database: Database) throws -> LedgerHead {
        try database.rows(end, decode: AuditEntry.init).first.map {
            LedgerHead(storeID: .credentials, position: $0.position, hash: $0.hash, recordedAt: $0.recordedAt)
        } ?? LedgerHead(storeID: .credentials, position: .zero, hash: .origin, recordedAt: .earliest)
    }

    /// The first entries after a position.
    static func page(
        after position: Position, limit: Int = .max, of history: History? = nil, in database: Database
    ) throws -> AuditedPage {
        let entries = try database.rows(list, position.rawValue, limit, decode: AuditEntry.init)
        let end = try head(in: database).position
        return AuditedPage(
            entries: entries, end: end, isLast: entries.count < limit || entries.last?.position == end, in: history)
    }

    static func append(_ entry: AuditEntry, in database: Database) throws {
        try database.run(
            insert, entry.position.rawValue, entry.recordedAt.microseconds, entry.actor, entry.actionName,
            entry.requestID, entry.detail, Data(entry.hash.bytes))
    }

    /// Appends an entry for each key and user that existed before there was a log.
    static func recordExisting(_ database: Database) throws {
        var head = try head(in: database)
        let context = CommandContext(actor: "migration", requestID: "migration-4")
        func record(_ records: [some StoredCredential], _ action: AuditAction) throws {
            for record in records {
                let entry = head.append(action, record, context, at: .now)
                try append(entry, in: database)
                _ = try record.put(entry.position, in: database)
            }
        }
        try record(APIKeyRecord.list(after: nil, atMost: .max, in: database), .keyExisted)
        try record(UserRecord.list(after: nil, atMost: .max, in: database), .userExisted)
    }

    private static let columns = """
        \(StoreID.credentials), position, recorded_at, actor, action, request_id, detail, hash
        """

    private static let end = "select \(columns) from credential_log order by position desc limit 1"

    private static let list = "select \(columns) from credential_log where position > ? order by position limit ?"

    private static let insert = """
        insert into credential_log (position, recorded_at, actor, action, request_id, detail, hash)
        values (?, ?, ?, ?, ?, ?, ?)
        """
}

/// A key or user as a row of its table.
protocol StoredCredential: AuditedCredential {
    static func find(_ id: String, in database: Database) throws -> Self?
    /// Inserts or updates the row, and returns it as `find` does.
    /// - Parameter version: The position of the entry about the change.
    func put(_ version: Position, in database: Database) throws -> Self
}
