public import Inventory
public import JSON

extension JSONWriter {
    @inlinable
    public mutating func value(_ movement: RecordedMovement) {
        openObject()
        fields(of: movement)
        closeObject()
    }

    @inlinable
    public mutating func fields(of movement: RecordedMovement) {
        field("store_id", movement.storeID)
        field("position", movement.position)
        field("product_id", movement.productID)
        field("movement_type", movement.type.rawValue)
        field("quantity", movement.quantity)
        field("on_hand", movement.onHand)
        field("recorded_at", movement.recordedAt)
    }

    @inlinable
    public mutating func value(_ transfer: RecordedTransfer) {
        openObject()
        field("transfer_id", transfer.id)
        field("product_id", transfer.out.productID)
        field("quantity", transfer.out.quantity)
        field("recorded_at", max(transfer.out.recordedAt, transfer.in.recordedAt))
        side("from", transfer.out)
        side("to", transfer.in)
        closeObject()
    }

    @usableFromInline
    mutating func side(_ name: StaticString, _ movement: RecordedMovement) {
        key(name)
        openObject()
        field("store_id", movement.storeID)
        field("position", movement.position)
        field("on_hand", movement.onHand)
        closeObject()
    }

    @inlinable
    public mutating func value(_ entry: LedgerEntry) {
        openObject()
        field("store_id", entry.storeID)
        field("position", entry.position)
        field("product_id", entry.productID)
        field("movement_type", entry.type.rawValue)
        field("quantity", entry.quantity)
        field("on_hand", entry.onHandAfter)
        nullableField("transfer_id", entry.transferID)
        nullableField("reference", entry.notes.reference)
        nullableField("note", entry.notes.note)
        nullableField("occurred_at", entry.notes.occurredAt)
        field("recorded_at", entry.recordedAt)
        closeObject()
    }
}
