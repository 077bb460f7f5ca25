import Basics
import Inventory
import JSON

struct MovementBody: DeclaredBody {
    let importName: ImportName?
    let movement: Movement

    init?(_ fields: inout JSONFields, _ path: RoutePath, _ limits: HTTPLimits) {
        importName = fields.importName(limits)
        guard let movement = Movement(&fields, storeInPath: path.storeID, limits) else { return nil }
        self.movement = movement
    }
}

struct TransferBody: DeclaredBody {
    let importName: ImportName?
    let transfer: Transfer

    init?(_ fields: inout JSONFields, _ path: RoutePath, _ limits: HTTPLimits) {
        importName = fields.importName(limits)
        guard let transfer = Transfer(&fields, limits) else { return nil }
        self.transfer = transfer
    }
}

extension Movement {
    /// - Parameter storeInPath: If the body has a store, it must be this one; without it, the body must have one.
    init?(_ fields: inout JSONFields, storeInPath: StoreID? = nil, _ limits: HTTPLimits) {
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
let movementKinds: [(name: String, choice: Movement.Kind)] = [
    ("stock-in", .stockIn), ("sale", .sale), ("manual-removal", .manualRemoval),
    ("IN", .stockIn), ("SALE", .sale), ("REMOVAL", .manualRemoval),
]

extension MovementType {
    /// The names in queries.
    static let choices: [(name: String, choice: MovementType)] =
        movementKinds.map { ($0.name, $0.choice.type) } + [
            ("transfer-out", .transferOut), ("transfer-in", .transferIn),
        ]

    init?(choice name: String) {
        guard let match = Self.choices.first(where: { $0.name == name }) else { return nil }
        self = match.choice
    }
}

extension Transfer {
    init?(_ fields: inout JSONFields, _ limits: HTTPLimits) {
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

/// A batch whose lines are not validated yet.
struct BatchBody: DeclaredBody {
    var lines: [JSONFields]
    let isAtomic: Bool
    let importName: ImportName?

    init?(_ fields: inout JSONFields, _ path: RoutePath, _ limits: HTTPLimits) {
        let lines = fields.objects("movements", atMost: limits.batch)
        let isAtomic = fields.optionalFlag("atomic")
        importName = fields.importName(limits)
        guard let lines else { return nil }
        self.lines = lines
        self.isAtomic = isAtomic ?? false
    }
}

extension JSONFields {
    /// The name that identifies the change within an import.
    mutating func importName(_ limits: HTTPLimits) -> ImportName? {
        optionalObject("import") { fields in
            if let id = fields.optionalText("external_id", atMost: limits.input.nameCharacters) {
                return .row(externalID: id)
            }
            let file = fields.text("file", atMost: 64)
            let line = fields.integer("line", in: 1...maximumJSONInteger)
            let storeID: StoreID? = fields.optionalID("store_id")
            guard let file, let line else { return nil }
            if !file.isSHA256 { fields.refuse("file", "must be a SHA-256 in lowercase hexadecimal") }
            return storeID.map { .part(file: file, line: Int(line), storeID: $0) }
                ?? .line(file: file, line: Int(line))
        }
    }
}

extension String {
    fileprivate var isSHA256: Bool {
        utf8.count == 64 && utf8.allSatisfy { $0.hexDigit != nil && !(0x41...0x46).contains($0) }
    }
}

extension JSONFields {
    mutating func quantity(_ limits: HTTPLimits) -> Quantity? {
        integer("quantity", in: 1...limits.input.quantity).flatMap(Quantity.init)
    }

    fileprivate mutating func notes(_ limits: HTTPLimits) -> MovementNotes {
        MovementNotes(
            occurredAt: optionalTime("occurred_at"),
            reference: optionalText("reference", atMost: limits.input.nameCharacters),
            note: optionalText("note", atMost: limits.input.noteCharacters))
    }
}
