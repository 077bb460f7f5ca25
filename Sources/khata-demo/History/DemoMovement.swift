import Inventory

/// A movement or transfer in the demo's stores.
struct DemoMovement {
    enum Kind: String {
        case stockIn = "stock-in"
        case sale, transfer
        case manualRemoval = "manual-removal"
    }

    let storeID: Int
    /// Of a transfer.
    var toStoreID: Int?
    let productID: Int
    let kind: Kind
    let units: Int
    var reference = ""
    var note = ""
    let recordedAt: Timestamp

    static let columns = [
        "store_id", "to_store_id", "product_id", "movement_type", "quantity", "recorded_at", "reference", "note",
    ]

    var fields: [String] {
        [
            String(storeID), toStoreID.map { String($0) } ?? "", String(productID), kind.rawValue, String(units),
            recordedAt.description, reference, note,
        ]
    }
}
