public import Inventory
public import JSON

/// Request bodies of the contract.
extension JSONWriter {
    public mutating func value(_ movement: Movement) {
        openObject()
        field("store_id", movement.storeID)
        fields(of: movement)
        closeObject()
    }

    /// All fields but the store, which may be in the path.
    public mutating func fields(of movement: Movement) {
        field("product_id", movement.productID)
        field("movement_type", movement.kind.type.rawValue)
        field("quantity", movement.quantity.units)
        fields(of: movement.notes)
        if let expectedOnHand = movement.expectedOnHand { field("expected_on_hand", expectedOnHand) }
    }

    /// - Parameter name: Its name within an import, here and below.
    public mutating func value(_ transfer: Transfer, importedAs name: ImportName? = nil) {
        openObject()
        field("product_id", transfer.productID)
        field("from_store_id", transfer.from)
        field("to_store_id", transfer.to)
        field("quantity", transfer.quantity.units)
        fields(of: transfer.notes)
        field(ofImport: name)
        closeObject()
    }

    public mutating func value(_ batch: Batch, importedAs name: ImportName? = nil) {
        openObject()
        key("movements")
        openArray()
        for movement in batch.movements { value(movement) }
        closeArray()
        field("atomic", batch.isAtomic)
        field(ofImport: name)
        closeObject()
    }

    public mutating func field(ofImport name: ImportName?) {
        guard let name else { return }
        key("import")
        openObject()
        switch name {
        case .part(let file, let line, let storeID):
            field("file", file)
            field("line", Int64(line))
            field("store_id", storeID)
        case .line(let file, let line):
            field("file", file)
            field("line", Int64(line))
        case .row(let id):
            field("external_id", id)
        }
        closeObject()
    }

    /// - Parameter id: `nil` lets the ledger choose one.
    public mutating func value(_ details: ProductDetails, id: ProductID?) {
        openObject()
        if let id { field("product_id", id) }
        optionalField("sku", details.sku)
        field("name", details.name)
        optionalField("category", details.category)
        optionalField("unit", details.unit)
        closeObject()
    }

    /// - Parameter id: `nil` lets the ledger choose one.
    public mutating func value(storeNamed name: String, id: StoreID?) {
        openObject()
        if let id { field("store_id", id) }
        field("name", name)
        closeObject()
    }

    private mutating func fields(of notes: MovementNotes) {
        optionalField("occurred_at", notes.occurredAt)
        optionalField("reference", notes.reference)
        optionalField("note", notes.note)
    }
}
