import Inventory
import InventoryContract

extension ProductDetails {
    init?(_ fields: inout JSONFields, _ limits: HTTPLimits) {
        let maximum = limits.input.nameCharacters
        let sku = fields.optionalText("sku", atMost: maximum)
        let name = fields.text("name", atMost: maximum)
        let category = fields.optionalText("category", atMost: maximum)
        let unit = fields.optionalText("unit", atMost: maximum)
        guard let name else { return nil }
        self.init(sku: sku, name: name, category: category, unit: unit)
    }
}

/// The body of a request that creates or replaces a product.
struct ProductBody: DeclaredBody {
    /// If the client chooses it.
    let id: ProductID?
    let details: ProductDetails

    init?(_ fields: inout JSONFields, _ path: RoutePath, _ limits: HTTPLimits) {
        id = fields.optionalID("product_id", inPath: path.productID)
        guard let details = ProductDetails(&fields, limits) else { return nil }
        self.details = details
    }
}

/// The body of a request that creates or replaces a store.
struct StoreBody: DeclaredBody {
    /// If the client chooses it.
    let id: StoreID?
    let name: String

    init?(_ fields: inout JSONFields, _ path: RoutePath, _ limits: HTTPLimits) {
        id = fields.optionalID("store_id", inPath: path.storeID)
        guard let name = fields.text("name", atMost: limits.input.nameCharacters) else { return nil }
        self.name = name
    }
}

extension JSONFields {
    /// An id that must be the one in the path, if both are there.
    fileprivate mutating func optionalID<ID: LedgerNumber>(_ name: String, inPath: ID?) -> ID? {
        let id: ID? = optionalID(name)
        if let inPath, let id, id != inPath { refuse(name, "must be the one of the path, \(inPath)") }
        return id
    }
}
