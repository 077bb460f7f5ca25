import Access
import GRDB
public import Inventory

extension SQLiteLedger: StoredStateReading {
    public var showsAll: Bool { true }

    public func keptLedgers() async throws(LedgerError) -> [(storeID: StoreID, position: Position)] {
        try await reader.run { database in
            try database.rows(Self.keptLedgers) { row in (try row.storeID(0), try row.position(1)) }
        }
    }

    public func keptCatalog() async throws(LedgerError) -> StoredCatalog {
        try await reader.run { [history] database in
            let end = try StoredEnd(of: .catalog, history, in: database)
            let contents = try CatalogContents(database)
            let position = end.head?.position ?? .zero
            return StoredCatalog(
                end: end, products: [StoredPart(at: position, contents.products)],
                stores: [StoredPart(at: position, contents.stores)],
                misfiled: try database.rows(Self.nameKeys) { row in
                    try row.value(2) as String == ProductName.key(row.value(1)) ? nil : row.productID(0)
                }.compactMap(\.self))
        }
    }

    public func keptStore(_ id: StoreID) async throws(LedgerError) -> StoredStore {
        try await reader.run { [history] database in
            let end = try StoredEnd(of: id, history, in: database)
            let levels = try StoredLevel.list(of: id, after: nil, atMost: .max, in: database)
            return StoredStore(end: end, levels: [StoredPart(at: end.head?.position ?? .zero, levels)])
        }
    }

    public func credentialLog(after position: Position, limit: Int) async throws(LedgerError) -> AuditedPage {
        try await reader.run { [history] database in
            try CredentialLog.page(after: position, limit: limit, of: history, in: database)
        }
    }

    public func keptCredentials() async throws(LedgerError) -> StoredCredentials {
        try await reader.run { [history] database in
            StoredCredentials(
                end: try CredentialLog.head(in: database), in: history,
                try APIKeyRecord.list(after: nil, atMost: .max, in: database),
                try UserRecord.list(after: nil, atMost: .max, in: database), try WebhookRecord.all(in: database))
        }
    }

    /// The ids of all stores in any table. Skips from one store's rows to the next.
    private static let keptLedgers = """
        with recursive found (store_id) as (
            select -9223372036854775808
            union all
            select (
                select min(store_id) from (
                    select min(store_id) as store_id from audit_log where store_id > found.store_id
                    union all
                    select min(store_id) from movements where store_id > found.store_id
                    union all
                    select min(store_id) from stock_levels where store_id > found.store_id
                ) as next_ones
            ) from found where store_id is not null
        )
        select n.store_id, coalesce(s.position, 0)
        from (select store_id from stores union select store_id from found) as n
        left join stores s using (store_id)
        where n.store_id > -9223372036854775808 order by n.store_id
        """

    private static let nameKeys = "select product_id, name, name_key from products"
}

extension StoredEnd {
    fileprivate init(of id: StoreID, _ history: History, in database: Database) throws {
        let ends = try database.rows(Self.ends, id.rawValue) { (try $0.position(0), try $0.position(1)) }.found()
        self.init(
            head: try database.rows(Self.head, id.rawValue, decode: LedgerHead.init).first, lastEntry: ends.0,
            lastMovement: ends.1, in: history)
    }

    private static let head = "select store_id, position, audit_head, recorded_at from stores where store_id = ?"

    private static let ends = """
        select (select coalesce(max(position), 0) from audit_log where store_id = ?1),
            (select coalesce(max(position), 0) from movements where store_id = ?1)
        """
}
