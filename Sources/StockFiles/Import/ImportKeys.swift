import Crypto
import Inventory

/// Names what a file asks for, so that asking again changes nothing, however much later: the keys are never forgotten.
///
/// A row with an `external_id` has a key of its own, whatever file it comes in. Other rows are known by the file's
/// contents and their place in it.
struct ImportKeys: Sendable {
    static let actor = "import"

    private let digest: String
    /// Whether the ledger is asked to keep the keys for good. A server does not: what it has of a file, the audit log tells
    /// by the ids of the requests, so those then name the rows.
    let arePermanent: Bool

    init(digest: String, arePermanent: Bool = true) {
        self.digest = digest
        self.arePermanent = arePermanent
    }

    /// How the request ids of rows with an `external_id` begin, where keys are not kept.
    static let externalPrefix = "import-external-"

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
        guard arePermanent else {
            // In letters that a header takes, whatever the id is.
            let name = Self.digest(of: id)
            return CommandContext(
                actor: Self.actor, requestID: Self.externalPrefix + name,
                idempotency: idempotency("external-" + name, content: row.change.canonical))
        }
        return context(
            line: line, key: "external-\(id)", content: row.change.canonical, recordedAt: row.recordedAt)
    }

    private static func digest(of text: String) -> String {
        AuditHash(bytes: Array(SHA256.hash(data: Array(text.utf8)))).description
    }

    private func context(line: Int, key: String, content: String, recordedAt: Timestamp? = nil) -> CommandContext {
        CommandContext(
            actor: Self.actor, requestID: "\(requestPrefix)\(line)",
            idempotency: idempotency(key, content: content), recordedAt: recordedAt)
    }

    private func idempotency(_ key: String, content: String) -> IdempotencyKey {
        IdempotencyKey(
            principal: Self.actor, key: key, fingerprint: Array(SHA256.hash(data: Array(content.utf8))),
            isPermanent: arePermanent)
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
