import Inventory
import Postgres

/// Looks up the subject of a change to the catalog.
extension CatalogSubject {
    var find: Statement {
        switch self {
        case .product: Self.findProduct
        case .store: Self.findStore
        }
    }

    /// As `id, clock_timestamp`.
    var highestID: Statement {
        switch self {
        case .product: Self.highestProductID
        case .store: Self.highestStoreID
        }
    }

    /// The levels with stock of the product or store that is archived, as `store_id, product_id, is_in_scope`.
    func stockLeft(of archived: Int64?, _ scope: StoreScope) -> Query {
        let statement =
            switch self {
            case .product: Self.productLeft
            case .store: Self.storeLeft
            }
        return Query(statement, .int64(archived), .int64(Int64(StockLeft.maximumLevels + 1)), .stores(in: scope))
    }

    func decode(_ row: Row) throws -> CatalogState.Subject {
        switch self {
        case .product: .product(try Product(row), isArchived: try row.bool(6))
        case .store: .store(try Store(row), isArchived: try row.bool(3))
        }
    }

    private static let findProduct = Statement(
        "catalog.product",
        """
        select product_id, sku, name, category, unit, version, archived_at is not null
        from products where product_id = $1::bigint
        """)

    private static let findStore = Statement(
        "catalog.store",
        """
        select store_id, name, version, archived_at is not null
        from stores where store_id = $1::bigint and store_id > 0
        """)

    private static let highestProductID = Statement(
        "catalog.highest_product", "select coalesce(max(product_id), 0), clock_timestamp() from products")

    private static let highestStoreID = Statement(
        "catalog.highest_store", "select coalesce(max(store_id), 0), clock_timestamp() from stores")

    /// Probes each store's level: the key begins with the store.
    private static let productLeft = Statement(
        "catalog.product_left",
        """
        select l.store_id, l.product_id, $3::bigint[] is null or l.store_id = any($3::bigint[]) as is_in_scope
        from stores s join stock_levels l on l.store_id = s.store_id and l.product_id = $1::bigint
        where l.on_hand > 0
        order by is_in_scope desc, l.store_id limit $2::bigint
        """)

    private static let storeLeft = Statement(
        "catalog.store_left",
        """
        select store_id, product_id, $3::bigint[] is null or store_id = any($3::bigint[])
        from stock_levels where store_id = $1::bigint and on_hand > 0
        order by product_id limit $2::bigint
        """)
}
