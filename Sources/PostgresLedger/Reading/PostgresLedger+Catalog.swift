public import Inventory
import Postgres

extension PostgresLedger {
    public func products(
        _ query: ProductQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<Product, ProductID>> {
        try await reader.read(
            .catalog, freshness,
            Query(
                Self.products, .int64(query.after?.rawValue ?? 0), .text(query.search.map(Self.likePattern)),
                .text(query.category), .int64(Int64(query.limit) + 1))
        ) { rows in
            Page(try rows.map(Product.init), limit: query.limit, key: \.id)
        }
    }

    public func products(
        named name: String, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<[Product]> {
        try await reader.read(.catalog, freshness, Query(Self.productsNamed, .text(name))) { rows in
            try rows.map(Product.init)
        }
    }

    public func product(_ id: ProductID, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<Product> {
        try await reader.read(.catalog, freshness, Query(Self.product, .int64(id.rawValue))) { rows in
            try rows.first.map(Product.init)
        }.found()
    }

    public func stores(
        _ query: StoreQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<Store, StoreID>> {
        try await reader.read(
            .catalog, freshness,
            Query(
                Self.stores, .int64(query.after?.rawValue ?? 0), .int64(Int64(query.limit) + 1),
                .stores(in: query.scope))
        ) { rows in
            Page(try rows.map(Store.init), limit: query.limit, key: \.id)
        }
    }

    public func store(_ id: StoreID, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<Store> {
        try await reader.read(.catalog, freshness, Query(Self.store, .int64(id.rawValue))) { rows in
            try rows.first.map(Store.init)
        }.found()
    }

    /// Matches texts that contain this one literally.
    private static func likePattern(_ text: String) -> String {
        var pattern = "%"
        for scalar in text.unicodeScalars {
            if ["\\", "%", "_"].contains(scalar) { pattern.unicodeScalars.append("\\") }
            pattern.unicodeScalars.append(scalar)
        }
        return pattern + "%"
    }

    private static let products = Statement(
        "read.products",
        """
        select product_id, sku, name, category, unit, version from products
        where product_id > $1::bigint and archived_at is null
            and ($2::text is null or normalize(name) ilike normalize($2::text) or sku ilike $2::text)
            and ($3::text is null or category = $3::text)
        order by product_id limit $4::bigint
        """)

    /// Limited to two, which is enough to know that a name is ambiguous.
    static let productsNamed = Statement(
        "read.products_named",
        """
        select product_id, sku, name, category, unit, version from products
        where lower(normalize(name)) = lower(normalize($1::text)) and archived_at is null
        order by normalize(name) = normalize($1::text) desc, product_id limit 2
        """)

    private static let product = Statement(
        "read.product",
        """
        select product_id, sku, name, category, unit, version from products
        where product_id = $1::bigint and archived_at is null
        """)

    private static let stores = Statement(
        "read.stores",
        """
        select store_id, name, version from stores
        where store_id > greatest($1::bigint, 0) and archived_at is null
            and ($3::bigint[] is null or store_id = any($3::bigint[]))
        order by store_id limit $2::bigint
        """)

    private static let store = Statement(
        "read.store",
        """
        select store_id, name, version from stores
        where store_id = $1::bigint and store_id > 0 and archived_at is null
        """)
}

extension Snapshot {
    /// - Throws: `.notFound` if the snapshot has no value.
    func found<Wrapped: Sendable>() throws(LedgerError) -> Snapshot<Wrapped> where Value == Wrapped? {
        guard let value else { throw .notFound }
        return map { _ in value }
    }
}
