import Access
import Inventory
import Postgres

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
            keys: try APIKeyRecord.all(session), users: try UserRecord.all(session),
            webhooks: try WebhookRecord.all(session),
            log: try CredentialLog.page(after: .zero, session).entries)
        guard credentials == shop.credentials else { throw PromotionDifference("the keys, users or webhooks") }
    }

    private static let lockCache = Statement("promotion.lock_cache", "select \(CacheState.lockSharedSQL)")

    private static let lockCatalog = Statement(
        "promotion.lock_catalog",
        "select \(CacheState.columnsSQL) from stores where store_id = 0 and position = 0 for no key update")

    private static let history = Statement(
        "promotion.history",
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
