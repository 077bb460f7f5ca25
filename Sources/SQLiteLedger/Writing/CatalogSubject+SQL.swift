import GRDB
import Inventory

/// Lookups of the product or store that a change to the catalog concerns.
extension CatalogSubject {
    func find(in database: Database) throws -> CatalogState.Subject {
        switch self {
        case .product(let id):
            try database.rows(Self.findProduct, id?.rawValue) { row in
                try CatalogState.Subject.product(Product(row), isArchived: row.value(6))
            }.first ?? .missing
        case .store(let id):
            try database.rows(Self.findStore, id?.rawValue) { row in
                try CatalogState.Subject.store(Store(row), isArchived: row.value(3))
            }.first ?? .missing
        }
    }

    func highestID(in database: Database) throws -> Int64 {
        try database.rows(isProduct ? Self.highestProductID : Self.highestStoreID, decode: { try $0.value(0) as Int64 })
            .first
            ?? 0
    }

    /// Its levels with stock.
    func stockLeft(in database: Database, _ scope: StoreScope) throws -> StockLeft? {
        let sql = isProduct ? Self.productLeft : Self.storeLeft
        return StockLeft(
            try database.rows(sql, id, StockLeft.maximumLevels + 1, scope.json) { row in
                (LevelKey(try row.storeID(0), try row.productID(1)), try row.value(2))
            })
    }

    private var isProduct: Bool {
        switch self {
        case .product: true
        case .store: false
        }
    }

    private static let findProduct = """
        select product_id, sku, name, category, unit, version, archived_at is not null
        from products where product_id = ?
        """

    private static let findStore = """
        select store_id, name, version, archived_at is not null from stores where store_id = ? and store_id > 0
        """

    private static let highestProductID = "select coalesce(max(product_id), 0) from products"

    private static let highestStoreID = "select coalesce(max(store_id), 0) from stores"

    /// Probes each store's level, because the key begins with the store.
    private static let productLeft = """
        select l.store_id, l.product_id,
            ?3 is null or l.store_id in (select value from json_each(?3)) as is_in_scope
        from stores s cross join stock_levels l on l.store_id = s.store_id and l.product_id = ?1
        where l.on_hand > 0
        order by is_in_scope desc, l.store_id limit ?2
        """

    private static let storeLeft = """
        select store_id, product_id, ?3 is null or store_id in (select value from json_each(?3))
        from stock_levels where store_id = ?1 and on_hand > 0
        order by product_id limit ?2
        """
}
