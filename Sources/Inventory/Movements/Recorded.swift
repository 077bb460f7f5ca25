/// The outcome of a movement, as its client sees it.
public struct RecordedMovement: Decodable, Hashable, Sendable {
    public let storeID: StoreID
    public let position: Position
    public let productID: ProductID
    public let type: MovementType
    public let quantity: Int64
    public let onHand: Int64
    public let recordedAt: Timestamp

    public init(_ entry: LedgerEntry) {
        storeID = entry.storeID
        position = entry.position
        productID = entry.productID
        type = entry.type
        quantity = entry.quantity
        onHand = entry.onHandAfter
        recordedAt = entry.recordedAt
    }
}

/// The outcome of a transfer: its two movements.
public struct RecordedTransfer: Decodable, Hashable, Sendable {
    public let id: String
    public let out: RecordedMovement
    public let `in`: RecordedMovement

    public init(id: String, out: RecordedMovement, in: RecordedMovement) {
        self.id = id
        self.out = out
        self.in = `in`
    }
}

/// The outcomes of a batch's lines, in order.
public struct RecordedBatch: Hashable, Sendable {
    public enum Line: Decodable, Hashable, Sendable {
        case recorded(RecordedMovement)
        case refused(Refusal)
        /// It was not a valid movement.
        case invalid([InvalidField])
    }

    public let lines: [Line]

    public init(lines: [Line]) {
        self.lines = lines
    }
}
