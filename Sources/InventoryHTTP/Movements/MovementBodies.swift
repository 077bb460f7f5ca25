import Inventory

extension Movement {
    /// - Parameter storeInPath: the only store that the body may name, and need not.
    init?(_ fields: inout JSONFields, storeInPath: StoreID? = nil, _ limits: Limits) {
        let bodyStore: StoreID? = storeInPath == nil ? fields.id("store_id") : fields.optionalID("store_id")
        if let storeInPath, let bodyStore, bodyStore != storeInPath {
            fields.refuse("store_id", "must be the store of the path, \(storeInPath)")
        }
        let productID: ProductID? = fields.id("product_id")
        let kind = fields.choice("movement_type", of: movementKinds)
        let quantity = fields.quantity(limits)
        let notes = fields.notes(limits)
        let expectedOnHand = fields.optionalInteger("expected_on_hand", in: 0...largestJSONInteger)
        guard let storeID = storeInPath ?? bodyStore, let productID, let kind, let quantity else { return nil }
        self.init(
            storeID: storeID, productID: productID, kind: kind, quantity: quantity, notes: notes,
            expectedOnHand: expectedOnHand)
    }
}

/// Both spellings that clients use.
let movementKinds: [(name: String, choice: Movement.Kind)] = [
    ("stock-in", .stockIn), ("sale", .sale), ("manual-removal", .manualRemoval),
    ("IN", .stockIn), ("SALE", .sale), ("REMOVAL", .manualRemoval),
]

extension MovementType {
    /// As a query names them, in the same spellings.
    static let choices: [(name: String, choice: MovementType)] =
        movementKinds.map { ($0.name, $0.choice.type) } + [
            ("transfer-out", .transferOut), ("transfer-in", .transferIn),
        ]
}

extension Transfer {
    init?(_ fields: inout JSONFields, _ limits: Limits) {
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

/// A batch whose lines have not been looked at.
struct BatchBody {
    var lines: [JSONFields]
    let isAtomic: Bool

    init?(_ fields: inout JSONFields, _ limits: Limits) {
        let lines = fields.objects("movements", atMost: limits.batch)
        let isAtomic = fields.optionalFlag("atomic")
        guard let lines else { return nil }
        self.lines = lines
        self.isAtomic = isAtomic ?? false
    }
}

extension JSONFields {
    mutating func quantity(_ limits: Limits) -> Quantity? {
        integer("quantity", in: 1...limits.quantity).flatMap(Quantity.init)
    }

    fileprivate mutating func notes(_ limits: Limits) -> MovementNotes {
        MovementNotes(
            occurredAt: optionalTime("occurred_at"),
            reference: optionalText("reference", atMost: limits.nameCharacters),
            note: optionalText("note", atMost: limits.noteCharacters))
    }
}
