package import Inventory

extension Movement {
    /// - Parameter storeInPath: If the body has a store, it must be this one; without it, the body must have one.
    package init?(_ fields: inout JSONFields, storeInPath: StoreID? = nil, _ limits: InputLimits) {
        let bodyStore: StoreID? = storeInPath == nil ? fields.id("store_id") : fields.optionalID("store_id")
        if let storeInPath, let bodyStore, bodyStore != storeInPath {
            fields.refuse("store_id", "must be the store of the path, \(storeInPath)")
        }
        let productID: ProductID? = fields.id("product_id")
        let kind = fields.choice("movement_type", of: movementKinds)
        let quantity = fields.quantity(limits)
        let notes = fields.notes(limits)
        let expectedOnHand = fields.optionalInteger("expected_on_hand", in: 0...maximumJSONInteger)
        guard let storeID = storeInPath ?? bodyStore, let productID, let kind, let quantity else { return nil }
        self.init(
            storeID: storeID, productID: productID, kind: kind, quantity: quantity, notes: notes,
            expectedOnHand: expectedOnHand)
    }
}

/// The names of the current and the first versions.
package let movementKinds: [(name: String, choice: Movement.Kind)] = [
    ("stock-in", .stockIn), ("sale", .sale), ("manual-removal", .manualRemoval),
    ("IN", .stockIn), ("SALE", .sale), ("REMOVAL", .manualRemoval),
]

extension MovementType {
    /// The names in queries.
    package static let choices: [(name: String, choice: MovementType)] =
        movementKinds.map { ($0.name, $0.choice.type) } + [
            ("transfer-out", .transferOut), ("transfer-in", .transferIn),
        ]

    package init?(choice name: String) {
        guard let match = Self.choices.first(where: { $0.name == name }) else { return nil }
        self = match.choice
    }
}

extension Transfer {
    package init?(_ fields: inout JSONFields, _ limits: InputLimits) {
        let productID: ProductID? = fields.id("product_id")
        let from: StoreID? = fields.id("from_store_id")
        let to: StoreID? = fields.id("to_store_id")
        let quantity = fields.quantity(limits)
        let notes = fields.notes(limits)
        if let from, from == to { fields.refuse("to_store_id", "must not be the store that the stock comes from") }
        guard let productID, let from, let to, from != to, let quantity else { return nil }
        self.init(productID: productID, from: from, to: to, quantity: quantity, notes: notes)
    }
}

extension JSONFields {
    package mutating func quantity(_ limits: InputLimits) -> Quantity? {
        integer("quantity", in: 1...limits.quantity).flatMap(Quantity.init)
    }

    fileprivate mutating func notes(_ limits: InputLimits) -> MovementNotes {
        MovementNotes(
            occurredAt: optionalTime("occurred_at"),
            reference: optionalText("reference", atMost: limits.nameCharacters),
            note: optionalText("note", atMost: limits.noteCharacters))
    }
}
