import Inventory

extension ProductDetails {
    init?(_ fields: inout JSONFields, _ limits: Limits) {
        let maximum = limits.input.nameCharacters
        let sku = fields.optionalText("sku", atMost: maximum)
        let name = fields.text("name", atMost: maximum)
        let category = fields.optionalText("category", atMost: maximum)
        let unit = fields.optionalText("unit", atMost: maximum)
        guard let name else { return nil }
        self.init(sku: sku, name: name, category: category, unit: unit)
    }
}

/// The body of a create or replace request: the item's details, and its id if the client chooses one.
struct CatalogBody<ID: LedgerNumber, Details> {
    let id: ID?
    let details: Details

    /// - Parameter idInPath: If the body has an id, it must be this one.
    init?(
        _ fields: inout JSONFields, _ name: String, idInPath: ID? = nil, _ read: (inout JSONFields) -> Details?
    ) {
        id = fields.optionalID(name)
        if let idInPath, let id, id != idInPath { fields.refuse(name, "must be the one of the path, \(idInPath)") }
        guard let details = read(&fields) else { return nil }
        self.details = details
    }
}
