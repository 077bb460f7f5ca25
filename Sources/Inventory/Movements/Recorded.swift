/// A movement that is in the ledger, as its client is told.
public struct RecordedMovement: Hashable, Sendable {
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

/// A transfer whose two sides are in their ledgers.
public struct RecordedTransfer: Hashable, Sendable {
    public let id: String
    public let out: RecordedMovement
    public let `in`: RecordedMovement

    public init(id: String, out: RecordedMovement, in: RecordedMovement) {
        self.id = id
        self.out = out
        self.in = `in`
    }
}

/// What became of each line of a batch, in order.
public struct RecordedBatch: Hashable, Sendable {
    public enum Line: Hashable, Sendable {
        case recorded(RecordedMovement)
        case refused(Refusal)
        /// It was no movement.
        case invalid([InvalidField])
    }

    public let lines: [Line]

    public init(lines: [Line]) {
        self.lines = lines
    }
}
