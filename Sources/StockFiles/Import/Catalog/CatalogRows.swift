import Inventory

/// The changes that the rows of a file of products or stores make to the catalog.
struct CatalogRows {
    private var catalog: CatalogIndex
    private let header: FileHeader
    /// The previous rows by what they name, to refuse duplicates.
    private var lines: [Named: Int] = [:]

    private enum Named: Hashable {
        case id(Int64)
        case sku(ExactText)
        /// Lowercased.
        case name(String)
    }

    enum Change {
        case keep
        case add(CatalogChange)
        case change(CatalogChange)
    }

    init(_ catalog: CatalogIndex, _ header: FileHeader) {
        self.catalog = catalog
        self.header = header
    }

    /// Whether the product or store is still as it was when the row was compared with it.
    func has(_ product: Product) -> Bool { catalog.products[product.id]?.details == product.details }
    func has(_ store: Store) -> Bool { catalog.stores[store.id].map { isNamed($0, store.name) } ?? false }

    mutating func change(_ row: inout ImportRow) -> Change? {
        let change = header.kind == .stores ? storeChange(&row) : productChange(&row)
        return row.problems.isEmpty ? change : nil
    }

    private mutating func storeChange(_ row: inout ImportRow) -> Change? {
        let id: StoreID? = row.required(.storeID, row.id(.storeID))
        let name = row.required(.name, row.name(.name))
        guard let id, let name else { return nil }
        refuseRepetition(of: .id(id.rawValue), .storeID, &row)
        guard let store = catalog.stores[id] else { return .add(.createStore(id, name: name)) }
        return isNamed(store, name) ? .keep : .change(.replaceStore(id, name: name, ifVersion: .any))
    }

    /// A product is identified by its id, or else its SKU, or else its name.
    private mutating func productChange(_ row: inout ImportRow) -> Change? {
        let id: ProductID? = row.id(.productID)
        let name = row.required(.name, row.name(.name))
        var details = ProductDetails(
            sku: row.name(.sku), name: name ?? "", category: row.name(.category), unit: row.name(.unit))
        guard row.problems.isEmpty else { return nil }
        let known: Product?
        if let id {
            refuseRepetition(of: .id(id.rawValue), .productID, &row)
            known = catalog.products[id]
        } else if let sku = details.sku {
            known = catalog.product(sku: sku)
        } else {
            refuseRepetition(of: .name(details.name.lowercased()), .name, &row)
            known = named(details.name, &row)
        }
        if let sku = details.sku {
            refuseRepetition(of: .sku(ExactText(sku)), .sku, &row)
            if let holder = catalog.product(sku: sku), holder.id != known?.id {
                row.refuse(.sku, "belongs to product \(holder.id)")
            }
        }
        guard let known else { return .add(.createProduct(id, details)) }
        // A missing column leaves the field unchanged.
        if !header.has(.sku) { details.sku = known.details.sku }
        if !header.has(.category) { details.category = known.details.category }
        if !header.has(.unit) { details.unit = known.details.unit }
        return details == known.details
            ? .keep : .change(.replaceProduct(known.id, details, ifVersion: .any))
    }

    private func named(_ name: String, _ row: inout ImportRow) -> Product? {
        do throws(Refusal) {
            return try catalog.product(named: name)
        } catch {
            row.refuse(.name, "several products are called \(name): name one by product_id or sku")
            return nil
        }
    }

    private func isNamed(_ store: Store, _ name: String) -> Bool { ExactText(store.name) == ExactText(name) }

    private mutating func refuseRepetition(of named: Named, _ column: Column, _ row: inout ImportRow) {
        if let line = lines.updateValue(row.record.line, forKey: named) {
            row.refuse(column, "is also on line \(line)")
        }
    }
}
