import Crypto
import JSON

/// Identifies a change within an import. The name is the same whether the import writes to the ledger directly or
/// through a server, and is stored permanently with its outcome, so each change is recorded once.
public enum ImportName: Hashable, Sendable {
    /// The rows of one store that are written together, starting on a line of the file with this SHA-256 (hexadecimal).
    case part(file: String, line: Int, storeID: StoreID)
    /// The row on a line of that file.
    case line(file: String, line: Int)
    /// The row with this id, in any file.
    case row(externalID: String)
}

extension ImportName {
    /// The principal of all imports' idempotency keys, whoever runs them. Also the actor of imports that write to the
    /// ledger directly.
    public static let principal = "import"

    /// - Parameter change: The change that the name identifies. A line of a file never changes; an external id that
    ///   comes with different contents is refused.
    func key(for change: MovementCommand.Change) -> IdempotencyKey {
        let (key, contents) =
            switch self {
            case .part(let file, let line, let storeID): ("\(file)-\(line)-\(storeID)", file)
            case .line(let file, let line): ("\(file)-\(line)", file)
            case .row(let id): ("external-\(id)", change.canonical)
            }
        return IdempotencyKey(
            principal: Self.principal, key: key, fingerprint: Array(Self.hash(contents)), isPermanent: true)
    }

    /// The id of the request when importing through a server. It marks imported entries in the audit log.
    public var requestID: String {
        switch self {
        case .part(let file, let line, _), .line(let file, let line): "\(Self.requestPrefix(ofFile: file))\(line)"
        // Hashed, because the id may not be valid in a header.
        case .row(let id): "import-external-\(AuditHash(bytes: Array(Self.hash(id))))"
        }
    }

    /// Whether it may be the id of an import's request.
    public static func isRequestID(_ id: String) -> Bool { id.hasPrefix("import-") }

    /// The prefix of the request ids for a file.
    public static func requestPrefix(ofFile file: String) -> String { "import-\(file.prefix(16))-" }

    private static func hash(_ text: String) -> SHA256Digest { SHA256.hash(data: Array(text.utf8)) }
}

extension MovementCommand.Change {
    /// Equal for rows with the same contents, whatever their columns.
    fileprivate var canonical: String {
        String(json: { json in
            switch self {
            case .movement(let movement): json.canonical(movement)
            case .transfer(let transfer): json.canonical(transfer)
            case .batch(let batch):
                json.openArray()
                for movement in batch.movements { json.canonical(movement) }
                json.closeArray()
            }
        })
    }
}

extension JSONWriter {
    fileprivate mutating func canonical(_ movement: Movement) {
        openObject()
        field("store_id", movement.storeID)
        field("product_id", movement.productID)
        field("movement_type", movement.kind.type.rawValue)
        field("quantity", movement.quantity.units)
        canonical(movement.notes)
        closeObject()
    }

    fileprivate mutating func canonical(_ transfer: Transfer) {
        openObject()
        field("store_id", transfer.from)
        field("to_store_id", transfer.to)
        field("product_id", transfer.productID)
        field("quantity", transfer.quantity.units)
        canonical(transfer.notes)
        closeObject()
    }

    private mutating func canonical(_ notes: MovementNotes) {
        optionalField("occurred_at", notes.occurredAt)
        optionalField("reference", notes.reference)
        optionalField("note", notes.note)
    }
}
