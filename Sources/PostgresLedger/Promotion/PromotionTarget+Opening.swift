public import Access
public import Inventory
import Postgres

/// Everything of a shop besides the entries of its stores' ledgers.
public struct ShopContents: Sendable {
    /// The catalog's whole ledger.
    public let history: [AuditEntry]
    public let catalog: CatalogContents
    public let credentials: Credentials
    /// The ends of the stores' ledgers.
    public let heads: [LedgerHead]

    public init(history: [AuditEntry], catalog: CatalogContents, credentials: Credentials, heads: [LedgerHead]) {
        self.history = history
        self.catalog = catalog
        self.credentials = credentials
        self.heads = heads
    }
}

extension PromotionTarget {
    /// Opens the shop in one transaction: readers see all of it or nothing. What was written is read back and compared
    /// before the commit.
    /// - Parameter prepare: Runs on the connection's thread just before the commit, which does not take place if it
    ///   throws.
    /// - Throws: `PromotionConflict`, if the shop is open already, `PromotionDifference`, `PostgresError`.
    public func open(_ shop: ShopContents, preparing prepare: @escaping @Sendable () throws -> Void) async throws {
        try await database.write { session in
            _ = try session.execute(Self.lockCache)
            let locked = try session.execute(Self.lockCatalog)
            guard locked.count == 1 else { throw PromotionConflict() }
            // An instance may have cached the empty shop.
            let cache = try CacheState(locked[0], at: 0, in: History(""))
            for query in shop.writes(cache) { _ = try session.pipeline([query]) }
            try Self.compare(shop, session)
            try prepare()
        }
    }

    private static func compare(_ shop: ShopContents, _ session: Session) throws {
        var verifier = AuditVerifier(storeID: .catalog)
        for row in try session.execute(Self.history) { try verifier.check(AuditEntry(row), movement: nil) }
        guard verifier.head.hash == shop.history.last?.hash ?? .origin else {
            throw PromotionDifference("the catalog's log")
        }
        guard try CatalogContents(session) == shop.catalog else { throw PromotionDifference("the catalog") }
        let credentials = Credentials(
            keys: try session.execute(.listKeys, .int64(0), .int64(Int64.max)).map(APIKeyRecord.init),
            users: try session.execute(.listUsers, .text(""), .int64(Int64.max)).map(UserRecord.init))
        guard credentials == shop.credentials else { throw PromotionDifference("the keys or users") }
    }

    private static let lockCache = Statement("moving.lock_cache", "select \(CacheState.lockSharedSQL)")

    private static let lockCatalog = Statement(
        "moving.lock_catalog",
        "select \(CacheState.columnsSQL) from stores where store_id = 0 and position = 0 for no key update")

    private static let history = Statement(
        "moving.history",
        """
        select store_id, position, recorded_at, actor, action, request_id, detail, hash
        from audit_log where store_id = 0 order by position
        """)
}

/// What was read back differs from what was written.
public struct PromotionDifference: Error, CustomStringConvertible {
    public let description: String

    init(_ what: String) {
        description = "\(what) would not be the same in the database: nothing was opened there"
    }
}

extension ShopContents {
    /// Queries of bounded size.
    fileprivate func writes(_ cache: CacheState) -> [Query] {
        var writes = history.inParts.map(AuditEntry.insert)
        writes += catalog.products.inParts.map(Archivable<Product>.insert)
        writes += catalog.stores.inParts.map(Archivable<Store>.update)
        writes += credentials.keys.map(\.insert)
        if let last = credentials.keys.last { writes.append(last.continueNumbers) }
        writes += credentials.users.map(\.insert)
        if let last = history.last {
            let head = LedgerHead(
                storeID: .catalog, position: last.position, hash: last.hash, recordedAt: last.recordedAt)
            writes.append(LedgerHead.update([head]))
            // No product's level was ever cached: invalidating whole stores is enough.
            writes += Outbox.insert(
                CommitProof(last),
                ([head] + heads).map { Invalidation(storeID: $0.storeID, position: $0.position, products: [:]) }, cache)
        }
        return writes
    }
}

extension Array {
    fileprivate var inParts: [[Element]] {
        stride(from: 0, to: count, by: 5_000).map { Array(self[$0..<Swift.min($0 + 5_000, count)]) }
    }
}
