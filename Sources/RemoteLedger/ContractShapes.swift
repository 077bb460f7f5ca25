import Inventory
import InventoryContract
import JSON

/// Parsing of the contract's JSON shapes.
extension StockItem {
    init(_ fields: ObjectFields) throws(UnreadableData) {
        self.init(
            productID: try fields.number("product_id"), name: try fields.text("name"),
            category: try fields.optionalText("category"), unit: try fields.optionalText("unit"),
            onHand: try fields.integer("on_hand"), updatedAt: try fields.optionalTime("updated_at"))
    }
}

extension Product {
    init(_ fields: ObjectFields, version: Position) throws(UnreadableData) {
        self.init(
            id: try fields.number("product_id"),
            details: ProductDetails(
                sku: try fields.optionalText("sku"), name: try fields.text("name"),
                category: try fields.optionalText("category"), unit: try fields.optionalText("unit")),
            position: version)
    }
}

extension Store {
    init(_ fields: ObjectFields, version: Position) throws(UnreadableData) {
        self.init(id: try fields.number("store_id"), name: try fields.text("name"), position: version)
    }
}

extension LedgerEntry {
    init(_ fields: ObjectFields) throws(UnreadableData) {
        self.init(
            storeID: try fields.number("store_id"), position: try fields.number("position"),
            productID: try fields.number("product_id"), type: try fields.value("movement_type"),
            quantity: try fields.integer("quantity"), onHandAfter: try fields.integer("on_hand"),
            transferID: try fields.optionalText("transfer_id"),
            notes: MovementNotes(
                occurredAt: try fields.optionalTime("occurred_at"), reference: try fields.optionalText("reference"),
                note: try fields.optionalText("note")), recordedAt: try fields.time("recorded_at"))
    }
}

extension RecordedMovement {
    /// The response to a movement has all fields of its entry except the notes, which this leaves empty.
    init(_ fields: ObjectFields) throws(UnreadableData) {
        self.init(try LedgerEntry(fields))
    }
}

extension RecordedTransfer {
    init(_ fields: ObjectFields) throws(UnreadableData) {
        let id = try fields.text("transfer_id")
        func side(_ name: String, _ type: MovementType) throws(UnreadableData) -> RecordedMovement {
            let side = try fields.object(name)
            return RecordedMovement(
                LedgerEntry(
                    storeID: try side.number("store_id"), position: try side.number("position"),
                    productID: try fields.number("product_id"), type: type, quantity: try fields.integer("quantity"),
                    onHandAfter: try side.integer("on_hand"), transferID: id, notes: MovementNotes(),
                    recordedAt: try fields.time("recorded_at")))
        }
        self.init(id: id, out: try side("from", .transferOut), in: try side("to", .transferIn))
    }
}

extension AuditEntry {
    init(_ fields: ObjectFields) throws(UnreadableData) {
        guard let hash = AuditHash(hexadecimal: try fields.text("hash")) else {
            throw UnreadableData("hash is no hash")
        }
        // Its bytes are hashed. Writing it again gives the same bytes, because a `JSONWriter` wrote them.
        let detail = JSONValue.object(try fields.object("detail").members)
        self.init(
            storeID: try fields.number("store_id"), position: try fields.number("position"),
            recordedAt: try fields.time("recorded_at"), actor: try fields.text("actor"),
            actionName: try fields.text("action"), requestID: try fields.text("request_id"),
            detail: String(json: { $0.value(detail) }), hash: hash)
    }
}

extension ReportRow {
    init(_ fields: ObjectFields, _ grouping: ReportQuery.Grouping) throws(UnreadableData) {
        let group: Int64
        switch grouping {
        case .product: group = 0
        case .store: group = try fields.integer("store_id")
        case .day:
            guard let day = Timestamp("\(try fields.text("day"))T00:00:00Z") else {
                throw UnreadableData("day is no day")
            }
            group = day.microseconds
        }
        self.init(
            key: Key(productID: try fields.number("product_id"), group: group), name: try fields.text("name"),
            opening: try fields.integer("opening"), stockIn: try fields.integer("stock_in"),
            sold: try fields.integer("sold"), removed: try fields.integer("removed"),
            transferredIn: try fields.integer("transferred_in"), transferredOut: try fields.integer("transferred_out"))
    }
}

extension ServerResponse {
    /// The version of the product or store in the response.
    func version() throws(UnreadableData) -> Position {
        guard tag.count == 1 else { throw UnreadableData("ETag is no version") }
        return tag[0]
    }
}
