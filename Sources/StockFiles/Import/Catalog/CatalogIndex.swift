import Inventory

/// The catalog, in memory: a file of a million rows needs a million lookups.
struct CatalogIndex {
    private(set) var stores: [StoreID: Store] = [:]
    private(set) var products: [ProductID: Product] = [:]
    private var bySKU: [ExactText: ProductID] = [:]
    /// By lowercased name.
    private var byName: [String: Set<ProductID>] = [:]

    private static let pageSize = 1_000

    init() {}

    init(of ledger: any StockReading) async throws(LedgerError) {
        let freshness = Freshness()
        var storeQuery = StoreQuery(limit: Self.pageSize)
        repeat {
            let page = try await ledger.stores(storeQuery, freshness).value
            for store in page.items { put(store) }
            storeQuery.after = page.next
        } while storeQuery.after != nil
        var productQuery = ProductQuery(limit: Self.pageSize)
        repeat {
            let page = try await ledger.products(productQuery, freshness).value
            for product in page.items { put(product) }
            productQuery.after = page.next
        } while productQuery.after != nil
    }

    mutating func put(_ store: Store) { stores[store.id] = store }

    mutating func put(_ product: Product) {
        if let old = products.updateValue(product, forKey: product.id) {
            if let sku = old.details.sku { bySKU[ExactText(sku)] = nil }
            byName[old.details.name.lowercased()]?.remove(old.id)
        }
        if let sku = product.details.sku { bySKU[ExactText(sku)] = product.id }
        byName[product.details.name.lowercased(), default: []].insert(product.id)
    }

    func product(sku: String) -> Product? { bySKU[ExactText(sku)].flatMap { products[$0] } }

    /// - Throws: `.ambiguousName`.
    func product(named name: String) throws(Refusal) -> Product? {
        try byName[name.lowercased(), default: []].compactMap { products[$0] }.called(name)
    }
}

extension ImportRow {
    /// The row's product: by id, or else SKU, or else name.
    mutating func product(in catalog: CatalogIndex) -> Product? {
        if field(.productID) != nil {
            guard let id: ProductID = id(.productID) else { return nil }
            return known(.productID, catalog.products[id])
        }
        if let sku = name(.sku) { return known(.sku, catalog.product(sku: sku)) }
        if let name = name(.name) {
            do throws(Refusal) {
                return known(.name, try catalog.product(named: name))
            } catch {
                refuse(.name, "several products are called \(name): name one by product_id or sku")
                return nil
            }
        }
        if problems.isEmpty { refuse(nil, "names no product") }
        return nil
    }

    mutating func store(_ column: Column, in catalog: CatalogIndex) -> StoreID? {
        guard let id: StoreID = required(column, id(column)) else { return nil }
        guard catalog.stores[id] != nil else {
            refuse(column, "there is no store \(id)")
            return nil
        }
        return id
    }

    private mutating func known(_ column: Column, _ product: Product?) -> Product? {
        if product == nil { refuse(column, "there is no product \(field(column) ?? "")") }
        return product
    }
}
