import Access
public import Inventory
import Postgres

/// From the primary, each in one snapshot.
extension PostgresLedger: StoredStateReading {
    public var showsAll: Bool { true }

    public func keptLedgers() async throws(LedgerError) -> [(storeID: StoreID, position: Position)] {
        try await keptSnapshot { session in
            try session.execute(Self.keptLedgers).map {
                (StoreID(rawValue: try $0.int64(0)), Position(rawValue: try $0.int64(1)))
            }
        }
    }

    public func keptCatalog() async throws(LedgerError) -> StoredCatalog {
        try await keptSnapshot { session in
            let end = try StoredEnd(of: .catalog, session)
            let contents = try CatalogContents(session)
            let position = end.head?.position ?? .zero
            return StoredCatalog(
                end: end, products: [StoredPart(at: position, contents.products)],
                stores: [StoredPart(at: position, contents.stores)])
        }
    }

    public func keptStore(_ id: StoreID) async throws(LedgerError) -> StoredStore {
        try await keptSnapshot { session in
            let end = try StoredEnd(of: id, session)
            let levels = try session.execute(Self.keptLevels, .int64(id.rawValue)).map(StoredLevel.init)
            return StoredStore(end: end, levels: [StoredPart(at: end.head?.position ?? .zero, levels)])
        }
    }

    public func credentialLog(after position: Position, limit: Int) async throws(LedgerError) -> AuditedPage {
        try await keptSnapshot { session in
            try CredentialLog.page(after: position, limit: limit, in: session.history, session)
        }
    }

    public func keptCredentials() async throws(LedgerError) -> StoredCredentials {
        try await keptSnapshot { session in
            StoredCredentials(
                end: try CredentialLog.end(session), in: try session.history,
                try APIKeyRecord.all(session), try UserRecord.all(session), try WebhookRecord.all(session))
        }
    }

    public func protectionDefects() async throws(LedgerError) -> [String] {
        try await keptSnapshot { session in try HistoryProtection.defects(session) }
    }

    private func keptSnapshot<Value: Sendable>(
        _ body: @escaping @Sendable (Session) throws -> Value
    ) async throws(LedgerError) -> Value {
        do {
            return try await primary.snapshot(body)
        } catch {
            throw LedgerError(readFailure: error, observer)
        }
    }

    /// The stores, and what any table has of others. Steps from the rows of one to those of the next.
    private static let keptLedgers = Statement(
        "kept.ledgers",
        """
        with recursive found (store_id) as (
            select '-9223372036854775808'::bigint
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
        where n.store_id > '-9223372036854775808'::bigint order by n.store_id
        """)

    private static let keptLevels = Statement(
        "kept.levels",
        """
        select product_id, on_hand, position, recorded_at from stock_levels
        where store_id = $1::bigint order by product_id
        """)
}

extension StoredEnd {
    fileprivate init(of id: StoreID, _ session: Session) throws {
        let store = Parameter.int64(id.rawValue)
        let results = try session.pipeline([Query(Self.head, store), Query(Self.ends, store)])
        let last = try results[1].one()
        self.init(
            head: try results[0].first.map(LedgerHead.init), lastEntry: Position(rawValue: try last.int64(0)),
            lastMovement: Position(rawValue: try last.int64(1)), in: try session.history)
    }

    private static let head = Statement(
        "kept.head", "select store_id, position, audit_head, recorded_at from stores where store_id = $1::bigint")

    private static let ends = Statement(
        "kept.ends",
        """
        select (select coalesce(max(position), 0) from audit_log where store_id = $1::bigint),
            (select coalesce(max(position), 0) from movements where store_id = $1::bigint)
        """)
}

extension StoredLevel {
    /// From `product_id, on_hand, position, recorded_at`.
    init(_ row: Row) throws {
        try self.init(
            productID: ProductID(rawValue: row.int64(0)), onHand: row.int64(1),
            position: Position(rawValue: row.int64(2)), recordedAt: row.moment(3))
    }
}
