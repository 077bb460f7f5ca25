import GRDB
public import Inventory

extension SQLiteLedger {
    public func products(
        _ query: ProductQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<Product, ProductID>> {
        try await reader.read(.catalog, freshness) { database in
            let products = try database.rows(
                Self.products, query.after?.rawValue ?? 0, query.search, query.category, query.limit + 1,
                query.search.map(ProductName.key), decode: Product.init)
            return Page(products, limit: query.limit, key: \.id)
        }
    }

    public func products(
        named name: String, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<[Product]> {
        try await reader.read(.catalog, freshness) { database in try Product.named(name, in: database) }
    }

    public func product(_ id: ProductID, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<Product> {
        try await reader.read(.catalog, freshness) { database in
            try database.rows(Self.product, id.rawValue, decode: Product.init).found()
        }
    }

    public func stores(
        _ query: StoreQuery, _ freshness: Freshness
    ) async throws(LedgerError) -> Snapshot<Page<Store, StoreID>> {
        try await reader.read(.catalog, freshness) { database in
            let stores = try database.rows(
                Self.stores, max(query.after?.rawValue ?? 0, 0), query.scope.json, query.limit + 1, decode: Store.init)
            return Page(stores, limit: query.limit, key: \.id)
        }
    }

    public func store(_ id: StoreID, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<Store> {
        try await reader.read(.catalog, freshness) { database in
            try database.rows(Self.store, id.rawValue, decode: Store.init).found()
        }
    }

    /// SQLite's `lower` only knows ASCII: in SKUs "é" and "É" are different here, but the same in PostgreSQL.
    private static let products = """
        select product_id, sku, name, category, unit, version from products
        where product_id > ?1 and archived_at is null
            and (?2 is null or instr(name_key, ?5) > 0 or instr(lower(sku), lower(?2)) > 0)
            and (?3 is null or category = ?3)
        order by product_id limit ?4
        """

    private static let product = """
        select product_id, sku, name, category, unit, version from products where product_id = ? and archived_at is null
        """

    private static let stores = """
        select store_id, name, version from stores
        where store_id > ?1 and archived_at is null
            and (?2 is null or store_id in (select value from json_each(?2)))
        order by store_id limit ?3
        """

    private static let store = """
        select store_id, name, version from stores where store_id = ? and store_id > 0 and archived_at is null
        """
}

extension Product {
    /// The products with a name, ignoring case; at most two, exact matches first.
    static func named(_ name: String, in database: Database) throws -> [Product] {
        try database.rows(named, ProductName.key(name), name, decode: Product.init)
    }

    /// Two are enough to be ambiguous.
    private static let named = """
        select product_id, sku, name, category, unit, version from products
        where name_key = ?1 and archived_at is null
        order by normalized(name) = normalized(?2) desc, product_id limit 2
        """
}

extension StoreScope {
    /// The stores in scope as a JSON array, `nil` for all.
    var json: String? {
        stores.map { "[\($0.map(\.description).joined(separator: ","))]" }
    }
}
