import Foundation
import GRDB
import Inventory

extension LedgerHead {
    /// `nil` for a store that does not exist or is archived, and for the catalog, which is not a store.
    static func ofStoreInUse(_ storeID: StoreID, in database: Database) throws -> LedgerHead? {
        try database.rows(inUse, storeID.rawValue, decode: LedgerHead.init).first
    }

    static func ofCatalog(in database: Database) throws -> LedgerHead {
        guard let head = try database.rows(catalog, decode: LedgerHead.init).first else {
            throw DatabaseError(damaged: "the catalog's ledger is missing")
        }
        return head
    }

    func update(in database: Database) throws {
        try database.run(
            Self.update, position.rawValue, Data(hash.bytes), recordedAt.microseconds, storeID.rawValue)
    }

    private static let inUse = """
        select store_id, position, audit_head, recorded_at from stores
        where store_id = ? and store_id > 0 and archived_at is null
        """

    private static let catalog = "select store_id, position, audit_head, recorded_at from stores where store_id = 0"

    private static let update = "update stores set position = ?, audit_head = ?, recorded_at = ? where store_id = ?"
}

extension AuditEntry {
    func insert(into database: Database) throws {
        try database.run(
            Self.insert, storeID.rawValue, position.rawValue, recordedAt.microseconds, actor, actionName,
            requestID, detail, Data(hash.bytes))
    }

    private static let insert = """
        insert into audit_log (store_id, position, recorded_at, actor, action, request_id, detail, hash)
        values (?, ?, ?, ?, ?, ?, ?, ?)
        """
}
