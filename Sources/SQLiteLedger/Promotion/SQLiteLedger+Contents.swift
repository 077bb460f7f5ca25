public import Access
import Foundation
import GRDB
public import Inventory

/// The whole contents of the file, including archived products and stores, for moving them elsewhere.
extension SQLiteLedger {
    /// The heads of all ledgers, the catalog's first, with their stores' names.
    public func ledgers() async throws(LedgerError) -> [(head: LedgerHead, name: String)] {
        try await reader.run { database in
            let ledgers: [(head: LedgerHead, name: String)] = try database.rows(Self.ledgers) { row in
                (try LedgerHead(row), try row.value(4))
            }
            guard ledgers.first?.head.storeID == .catalog else {
                throw DatabaseError(damaged: "the catalog's ledger is missing")
            }
            return ledgers
        }
    }

    public func totals(of storeID: StoreID, upTo position: Position) async throws(LedgerError) -> LedgerTotals {
        try await reader.run { database in
            let totals = try database.rows(Self.totals, storeID.rawValue, position.rawValue) { row in
                try LedgerTotals(
                    entries: row.value(0), movements: row.value(1),
                    hash: (row.value(2) as Data?) == nil ? nil : row.auditHash(2))
            }
            return try totals.found()
        }
    }

    /// The levels of a store, by product.
    public func levels(
        of storeID: StoreID, after productID: ProductID?, limit: Int
    ) async throws(LedgerError) -> [StoredLevel] {
        try await reader.run { database in
            try StoredLevel.list(of: storeID, after: productID, atMost: limit, in: database)
        }
    }

    public func catalogContents() async throws(LedgerError) -> CatalogContents {
        try await reader.run { database in try CatalogContents(database) }
    }

    public func credentials() async throws(LedgerError) -> Credentials {
        try await reader.run { database in
            Credentials(
                keys: try APIKeyRecord.list(after: nil, atMost: .max, in: database),
                users: try UserRecord.list(after: nil, atMost: .max, in: database),
                webhooks: try WebhookRecord.all(in: database),
                log: try CredentialLog.page(after: .zero, in: database).entries)
        }
    }

    /// Where the receivers of events stand.
    public func subscriptions() async throws(LedgerError) -> [SubscriptionID: [SubscriptionCursor]] {
        let (ids, cursors) = try await reader.run { database in
            (
                try database.rows(Self.subscriptions) { SubscriptionID(try $0.text(0)) },
                try database.rows(Self.cursors) { (try SubscriptionCursor($0), SubscriptionID(try $0.text(3))) }
            )
        }
        let empty = Dictionary(ids.map { ($0, [SubscriptionCursor]()) }, uniquingKeysWith: { $1 })
        return empty.merging(Dictionary(grouping: cursors, by: \.1).mapValues { $0.map(\.0) }) { $1 }
    }

    /// Records of idempotency keys, in order of principal and key: those after a key, up to a number of bytes; none at
    /// the end. Limited by bytes because the record of a large batch is a hundred times as long as that of a sale.
    public func storedOutcomes(
        after scope: IdempotencyKey.Scope?, bytes limit: Int
    ) async throws(LedgerError) -> [StoredOutcome] {
        try await reader.run { database in
            let rows = try Row.fetchCursor(
                database.cachedStatement(sql: Self.storedOutcomes),
                arguments: [scope?.principal ?? "", scope?.key ?? ""])
            var (outcomes, bytes): ([StoredOutcome], Int) = ([], 0)
            while bytes < limit, let row = try rows.next() {
                let outcome = try StoredOutcome(
                    scope: IdempotencyKey.Scope(principal: row.value(0), key: row.value(1)), fingerprint: row.bytes(2),
                    outcome: row.value(3), expiresAt: row.optionalTime(4))
                outcomes.append(outcome)
                // The other columns are about as long as a short outcome.
                bytes += outcome.outcome.utf8.count + 200
            }
            return outcomes
        }
    }

    private static let ledgers = """
        select store_id, position, audit_head, recorded_at, name from stores order by store_id
        """

    private static let totals = """
        select (select count(*) from audit_log where store_id = ?1 and position <= ?2),
            (select count(*) from movements where store_id = ?1 and position <= ?2),
            (select hash from audit_log where store_id = ?1 and position = ?2)
        """

    private static let subscriptions = "select subscription_id from subscriptions"

    private static let cursors = "select store_id, position, hash, subscription_id from subscription_cursors"

    private static let storedOutcomes = """
        select principal, key, fingerprint, outcome, expires_at from idempotency
        where (principal, key) > (?, ?) order by principal, key
        """
}

extension StoredLevel {
    static func list(
        of storeID: StoreID, after productID: ProductID?, atMost limit: Int, in database: Database
    ) throws -> [StoredLevel] {
        try database.rows(list, storeID.rawValue, productID?.rawValue ?? .min, limit) { row in
            try StoredLevel(
                productID: row.productID(0), onHand: row.value(1), position: row.position(2), recordedAt: row.time(3))
        }
    }

    private static let list = """
        select product_id, on_hand, position, recorded_at from stock_levels
        where store_id = ? and product_id > ? order by product_id limit ?
        """
}

extension CatalogContents {
    init(_ database: Database) throws {
        self.init(
            products: try database.rows(Self.allProducts) { row in
                try Archivable(Product(row), archivedAt: row.optionalTime(6))
            },
            stores: try database.rows(Self.allStores) { row in
                try Archivable(Store(row), archivedAt: row.optionalTime(3))
            })
    }

    private static let allProducts = """
        select product_id, sku, name, category, unit, version, archived_at from products order by product_id
        """

    private static let allStores = """
        select store_id, name, version, archived_at from stores where store_id > 0 order by store_id
        """
}
