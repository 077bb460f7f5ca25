import GRDB
public import Inventory

extension SQLiteLedger {
    public func entries(
        _ query: EntryQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<LedgerEntry, EntryKey>> {
        try await reader.read(ReadScope(historyOf: query.storeID), freshness) { database in
            let firstStore = max(StoreID(rawValue: 1), query.after?.storeID ?? .catalog)
            let ranges = try database.positions(
                in: query.period, of: query.storeID, scope: query.scope, from: firstStore)
            let entries = try database.history(ranges, after: query.after, limit: query.limit + 1) { range, limit in
                try database.rows(
                    query.productID == nil ? Self.entries : Self.entriesOfProduct, range.storeID.rawValue,
                    range.first.rawValue, range.last.rawValue, limit, query.type?.rawValue,
                    query.productID?.rawValue, decode: LedgerEntry.init)
            }
            return Page(entries, limit: query.limit) { EntryKey(storeID: $0.storeID, position: $0.position) }
        }
    }

    public func audit(
        _ query: AuditQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<AuditEntry, EntryKey>> {
        try await reader.read(ReadScope(historyOf: query.storeID), freshness) { database in
            let ranges = try database.positions(
                in: query.period, of: query.storeID, scope: query.scope, from: query.after?.storeID ?? .catalog)
            let entries = try database.history(ranges, after: query.after, limit: query.limit + 1) { range, limit in
                try database.rows(
                    query.actor == nil ? Self.audit : Self.auditOfActor, range.storeID.rawValue, range.first.rawValue,
                    range.last.rawValue, limit, query.action?.rawValue, query.actor, decode: AuditEntry.init)
            }
            return Page(entries, limit: query.limit) { EntryKey(storeID: $0.storeID, position: $0.position) }
        }
    }

    private static let entries = entriesSQL("and ?6 is null")
    /// Along the index by product.
    private static let entriesOfProduct = entriesSQL("and product_id = ?6")

    /// ?1 store, ?2 and ?3 the range, ?4 limit, ?5 type or null, ?6 product or null.
    private static func entriesSQL(_ filter: String) -> String {
        """
        select store_id, position, product_id, type, quantity, on_hand_after, transfer_id, reference, note, occurred_at,
            recorded_at
        from movements
        where store_id = ?1 and position > ?2 and position <= ?3 and (?5 is null or type = ?5) \(filter)
        order by position limit ?4
        """
    }

    private static let audit = auditSQL("audit_log", "and ?6 is null")
    /// SQLite itself would choose the primary key.
    static let auditOfActor = auditSQL("audit_log indexed by audit_log_by_actor", "and actor = ?6")

    /// ?1 store, ?2 and ?3 the range, ?4 limit, ?5 action or null, ?6 actor or null.
    private static func auditSQL(_ table: String, _ filter: String) -> String {
        """
        select store_id, position, recorded_at, actor, action, request_id, detail, hash
        from \(table)
        where store_id = ?1 and position > ?2 and position <= ?3 and (?5 is null or action = ?5) \(filter)
        order by position limit ?4
        """
    }
}

extension Database {
    /// Entries of ledgers by store and position, up to the limit.
    fileprivate func history<Entry>(
        _ ranges: [PositionRange], after key: EntryKey?, limit: Int,
        _ entries: (PositionRange, _ limit: Int) throws -> [Entry]
    ) throws -> [Entry] {
        var found: [Entry] = []
        for var range in ranges {
            if let key, key.storeID == range.storeID { range.first = max(range.first, key.position) }
            if range.isEmpty { continue }
            found += try entries(range, limit - found.count)
            if found.count >= limit { break }
        }
        return found
    }
}
