import Inventory
import InventoryContract
import JSON

/// A movement as clients of the first versions send it: of a product by name, in the default store.
struct MovementByName: DeclaredBody {
    let productName: String
    let kind: Movement.Kind
    let quantity: Quantity

    init?(_ fields: inout JSONFields, _ path: RoutePath, _ limits: HTTPLimits) {
        let productName = fields.text("product", atMost: limits.input.nameCharacters)
        let kind = fields.choice("type", of: movementKinds)
        let quantity = fields.quantity(limits.input)
        guard let productName, let kind, let quantity else { return nil }
        self.productName = productName
        self.kind = kind
        self.quantity = quantity
    }

    func movement(of productID: ProductID, in storeID: StoreID) -> Movement {
        Movement(storeID: storeID, productID: productID, kind: kind, quantity: quantity)
    }
}

extension JSONWriter {
    /// The response to a recorded movement, with the product's name as the client wrote it.
    mutating func value(_ recorded: RecordedMovement, of movement: MovementByName) {
        openObject()
        field("status", "recorded")
        field("product", movement.productName)
        field("type", movement.kind.firstName)
        field("quantity", recorded.quantity)
        field("stock", recorded.onHand)
        field("position", recorded.position)
        field("recorded_at", recorded.recordedAt)
        closeObject()
    }
}

extension Movement.Kind {
    /// What the first versions called it.
    fileprivate var firstName: String {
        switch self {
        case .stockIn: "IN"
        case .sale: "SALE"
        case .manualRemoval: "REMOVAL"
        }
    }
}
