import JSON

/// A movement in the ledger: an immutable row.
public struct LedgerEntry: Hashable, Sendable {
    public let storeID: StoreID
    public let position: Position
    public let productID: ProductID
    public let type: MovementType
    public let quantity: Int64
    /// The level after this movement: stock as of any moment is one lookup, not a replay.
    public let onHandAfter: Int64
    /// Shared by the two sides of a transfer.
    public let transferID: String?
    public let notes: MovementNotes
    /// Never before the previous entry's.
    public let recordedAt: Timestamp

    public init(
        storeID: StoreID, position: Position, productID: ProductID, type: MovementType, quantity: Int64,
        onHandAfter: Int64, transferID: String?, notes: MovementNotes, recordedAt: Timestamp
    ) {
        self.storeID = storeID
        self.position = position
        self.productID = productID
        self.type = type
        self.quantity = quantity
        self.onHandAfter = onHandAfter
        self.transferID = transferID
        self.notes = notes
        self.recordedAt = recordedAt
    }
}

extension LedgerEntry {
    /// The movement's `detail` in the audit log, so that the log can be checked against the ledger. Store, position,
    /// type and time are separate fields of the log.
    var auditDetail: String {
        var json = JSONWriter<[UInt8]>(output: [])
        json.output.reserveCapacity(128)
        json.openObject()
        json.field("product_id", productID)
        json.field("quantity", quantity)
        json.field("on_hand", onHandAfter)
        json.optionalField("transfer_id", transferID)
        json.optionalField("occurred_at", notes.occurredAt)
        json.optionalField("reference", notes.reference)
        json.optionalField("note", notes.note)
        json.closeObject()
        return String(decoding: json.output, as: UTF8.self)
    }
}
