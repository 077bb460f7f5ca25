import GRDB
public import Inventory

extension SQLiteLedger: ChangeReading {
    public func heads(of scope: StoreScope) async throws(LedgerError) -> [LedgerHead] {
        try await reader.lookUp { database in
            // It has no changes any more; those that there are are elsewhere.
            if let destination = try LedgerDestination.find(in: database) {
                throw LedgerError.moved(to: destination.name)
            }
            return try database.rows(Self.heads, scope.json, decode: LedgerHead.init)
        }
    }

    public func changes(
        from keys: [EntryKey], limit: Int
    ) async throws(LedgerError) -> Snapshot<[AuditEntry]> {
        let scope = ReadScope(historyOf: keys.count == 1 ? keys[0].storeID : nil)
        return try await reader.read(scope, Freshness()) { database in
            try keys.flatMap { key in
                try database.rows(
                    Self.changes, key.storeID.rawValue, key.position.rawValue, limit, decode: AuditEntry.init)
            }
        }
    }

    private static let heads = """
        select store_id, position, audit_head, recorded_at from stores
        where ?1 is null or store_id in (select value from json_each(?1))
        """

    private static let changes = """
        select store_id, position, recorded_at, actor, action, request_id, detail, hash
        from audit_log where store_id = ? and position >= ? order by position limit ?
        """
}
