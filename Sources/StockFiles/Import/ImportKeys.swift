import Crypto
import Inventory

/// Names what a file asks for, so that asking again changes nothing, however much later: the keys are never forgotten.
///
/// A row with an `external_id` has a key of its own, whatever file it comes in. Other rows are known by the file's
/// contents and their place in it.
struct ImportKeys: Sendable {
    static let actor = "import"

    private let digest: String

    init(digest: String) {
        self.digest = digest
    }

    /// How the request ids of this file begin: so its entries can be told in the audit log.
    var requestPrefix: String { "import-\(digest.prefix(16))-" }

    /// - Parameter line: That of the first row that is meant.
    func context(line: Int, recordedAt: Timestamp? = nil) -> CommandContext {
        CommandContext(actor: Self.actor, requestID: "\(requestPrefix)\(line)", recordedAt: recordedAt)
    }

    /// For the rows of one store that are written together.
    func context(ofPart line: Int, in storeID: StoreID) -> CommandContext {
        context(line: line, key: "\(digest)-\(line)-\(storeID)", content: digest)
    }

    func context(ofPartThatBeginsWith row: PlannedRow) -> CommandContext {
        if case .movement = row.change, row.externalID == nil {
            return context(ofPart: row.record.line, in: row.stores[0])
        }
        return context(of: row)
    }

    func context(of row: PlannedRow) -> CommandContext {
        let line = row.record.line
        guard let id = row.externalID else {
            return context(line: line, key: "\(digest)-\(line)", content: digest, recordedAt: row.recordedAt)
        }
        return context(
            line: line, key: "external-\(id)", content: row.change.canonical, recordedAt: row.recordedAt)
    }

    private func context(line: Int, key: String, content: String, recordedAt: Timestamp? = nil) -> CommandContext {
        CommandContext(
            actor: Self.actor, requestID: "\(requestPrefix)\(line)",
            idempotency: IdempotencyKey(
                principal: Self.actor, key: key, fingerprint: Array(SHA256.hash(data: Array(content.utf8))),
                isPermanent: true),
            recordedAt: recordedAt)
    }
}

extension PlannedRow.Change {
    /// The same for rows that say the same, in whatever columns: what an `external_id` stands for.
    fileprivate var canonical: String {
        var json = JSONWriter<[UInt8]>(output: [])
        json.openObject()
        switch self {
        case .movement(let movement):
            json.field("store_id", movement.storeID)
            json.field("product_id", movement.productID)
            json.field("movement_type", movement.kind.type.rawValue)
            json.field("quantity", movement.quantity.units)
            json.fields(of: movement.notes)
        case .transfer(let transfer):
            json.field("store_id", transfer.from)
            json.field("to_store_id", transfer.to)
            json.field("product_id", transfer.productID)
            json.field("quantity", transfer.quantity.units)
            json.fields(of: transfer.notes)
        }
        json.closeObject()
        return String(decoding: json.output, as: UTF8.self)
    }
}

extension JSONWriter {
    fileprivate mutating func fields(of notes: MovementNotes) {
        optionalField("occurred_at", notes.occurredAt)
        optionalField("reference", notes.reference)
        optionalField("note", notes.note)
    }
}
