/// The stored level of a product in a store, whether or not either is archived.
public struct StoredLevel: Hashable, Sendable {
    public let productID: ProductID
    public let onHand: Int64
    /// The position of its last change.
    public let position: Position
    public let recordedAt: Timestamp

    public init(productID: ProductID, onHand: Int64, position: Position, recordedAt: Timestamp) {
        self.productID = productID
        self.onHand = onHand
        self.position = position
        self.recordedAt = recordedAt
    }

    init(after movement: LedgerEntry) {
        self.init(
            productID: movement.productID, onHand: movement.onHandAfter, position: movement.position,
            recordedAt: movement.recordedAt)
    }
}
