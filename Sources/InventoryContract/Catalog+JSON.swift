public import Inventory
public import JSON

extension JSONWriter {
    @inlinable
    public mutating func value(_ item: CatalogItem) {
        switch item {
        case .product(let product): value(product)
        case .store(let store): value(store)
        }
    }

    @inlinable
    public mutating func value(_ product: Product) {
        openObject()
        field("product_id", product.id)
        nullableField("sku", product.details.sku)
        field("name", product.details.name)
        nullableField("category", product.details.category)
        nullableField("unit", product.details.unit)
        closeObject()
    }

    @inlinable
    public mutating func value(_ store: Store) {
        openObject()
        field("store_id", store.id)
        field("name", store.name)
        closeObject()
    }
}
