import Access
import Inventory
import Postgres

/// Writes records as they were in the source, with their numbers and times.
extension Archivable<Product> {
    static func insert(_ products: [Archivable<Product>]) -> Query {
        let items = products.map(\.item)
        return Query(
            .insertProducts,
            .int64s(items.map(\.id.rawValue)),
            .texts(items.map(\.details.sku)),
            .texts(items.map(\.details.name)),
            .texts(items.map(\.details.category)),
            .texts(items.map(\.details.unit)),
            .int64s(items.map(\.position.rawValue)),
            .timestamps(products.map(\.archivedAt?.microseconds)))
    }
}

extension Archivable<Store> {
    /// The stores already exist, closed.
    static func update(_ stores: [Archivable<Store>]) -> Query {
        Query(
            .updateStores,
            .int64s(stores.map(\.item.id.rawValue)),
            .texts(stores.map(\.item.name)),
            .int64s(stores.map(\.item.position.rawValue)),
            .timestamps(stores.map(\.archivedAt?.microseconds)))
    }
}

extension SubscriptionCursor {
    static func insert(_ cursors: [SubscriptionCursor], of id: SubscriptionID) -> Query {
        Query(
            .insertSubscription, .text(id.text), .int64s(cursors.map(\.storeID.rawValue)),
            .int64s(cursors.map(\.position.rawValue)), .byteArrays(cursors.map(\.hash.bytes)))
    }
}

extension DeliveryState {
    static func insert(_ states: [DeliveryState], of id: String) -> Query {
        Query(
            .insertDeliveries, .text(id), .int64s(states.map(\.storeID.rawValue)),
            .int64s(states.map { Int64($0.attempts) }), .timestamps(states.map(\.nextAttemptAt?.microseconds)),
            .timestamps(states.map(\.parkedAt?.microseconds)), .texts(states.map(\.lastFailure)),
            .int64s(states.map(\.replayAfter?.rawValue)))
    }
}

extension Statement {
    fileprivate static let insertDeliveries = Statement(
        "promotion.insert_deliveries",
        """
        insert into webhook_deliveries
            (webhook_id, store_id, attempts, next_attempt_at, parked_at, last_failure, replay_after)
        select $1::text, d.*
        from unnest($2::bigint[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::bigint[]) d
        """)

    fileprivate static let insertSubscription = Statement(
        "promotion.insert_subscription",
        """
        with subscription as (insert into subscriptions (subscription_id) values ($1::text) returning subscription_id)
        insert into subscription_cursors (subscription_id, store_id, position, hash)
        select subscription_id, c.* from subscription, unnest($2::bigint[], $3::bigint[], $4::bytea[]) c
        """)

    fileprivate static let insertProducts = Statement(
        "promotion.insert_products",
        """
        insert into products (product_id, sku, name, category, unit, version, archived_at)
        select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[],
            $7::timestamptz[])
        """)

    fileprivate static let updateStores = Statement(
        "promotion.update_stores",
        """
        update stores s set name = n.name, version = n.version, archived_at = n.archived_at
        from unnest($1::bigint[], $2::text[], $3::bigint[], $4::timestamptz[])
            as n (store_id, name, version, archived_at)
        where s.store_id = n.store_id
        """)
}

extension CatalogContents {
    init(_ session: Session) throws {
        let results = try session.pipeline([Query(Self.allProducts), Query(Self.allStores)])
        self.init(
            products: try results[0].map { try Archivable(Product($0), archivedAt: $0.optionalMoment(6)) },
            stores: try results[1].map { try Archivable(Store($0), archivedAt: $0.optionalMoment(3)) })
    }

    private static let allProducts = Statement(
        "promotion.products",
        """
        select product_id, sku, name, category, unit, version, archived_at from products order by product_id
        """)

    private static let allStores = Statement(
        "promotion.stores",
        "select store_id, name, version, archived_at from stores where store_id > 0 order by store_id")
}

extension APIKeyRecord {
    func insert(_ version: Position) -> Query {
        Query(
            Self.insertStored, .int64(version.rawValue), .int64(number.rawValue), .text(id), .text(name),
            .text(grant.role.rawValue), .stores(in: grant.scope), .int64(grant.rates.readsPerSecond),
            .int64(grant.rates.writesPerSecond),
            .bytes(secretHash), .timestamp(createdAt.microseconds), .timestamp(expiresAt?.microseconds),
            .timestamp(lastUsedAt?.microseconds), .timestamp(revokedAt?.microseconds))
    }

    /// Sets the sequence so that the next key gets the next number.
    var continueNumbers: Query { Query(Self.continueNumbers, .int64(number.rawValue)) }

    private static let insertStored = Statement(
        "promotion.insert_key",
        """
        insert into api_keys (version, number, id, name, role, stores, reads_per_second, writes_per_second,
            secret_hash, created_at, expires_at, last_used_at, revoked_at)
        overriding system value
        values ($1::bigint, $2::bigint, $3::text, $4::text, $5::text, $6::bigint[], $7::bigint, $8::bigint, $9::bytea,
            $10::timestamptz, $11::timestamptz, $12::timestamptz, $13::timestamptz)
        """)

    private static let continueNumbers = Statement(
        "promotion.continue_numbers", "select setval(pg_get_serial_sequence('api_keys', 'number'), $1::bigint)")
}
