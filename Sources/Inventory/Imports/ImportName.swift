import Crypto
import JSON

/// What an import calls a part of what it brings. The name is the same whichever way the import comes in, straight into the
/// ledger or through a server, and is kept for good with what was done under it: so what it names counts once.
public enum ImportName: Hashable, Sendable {
    /// The rows of one store that are written together and begin on a line of the file with this SHA-256, in hexadecimal.
    case part(file: String, line: Int, storeID: StoreID)
    /// The row on a line of that file.
    case line(file: String, line: Int)
    /// The row that has this id, in whatever file.
    case row(externalID: String)
}

extension ImportName {
    /// The principal that all imports are when it comes to keys, whoever asks for them. As an actor it is who imports
    /// straight into the ledger.
    public static let principal = "import"

    /// - Parameter change: What is to be done under the name. A line of a file says what it says; an external id may come
    ///   with other contents, and is refused then.
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

    /// The id of the request through a server that does it. It tells the rows of all imports from what else is in the
    /// audit log.
    public var requestID: String {
        switch self {
        case .part(let file, let line, _), .line(let file, let line): "\(Self.requestPrefix(ofFile: file))\(line)"
        // In letters that a header takes, whatever the id is.
        case .row(let id): "import-external-\(AuditHash(bytes: Array(Self.hash(id))))"
        }
    }

    /// Whether it may be the id of such a request.
    public static func isRequestID(_ id: String) -> Bool { id.hasPrefix("import-") }

    /// How the ids of the requests for a file begin.
    public static func requestPrefix(ofFile file: String) -> String { "import-\(file.prefix(16))-" }

    private static func hash(_ text: String) -> SHA256Digest { SHA256.hash(data: Array(text.utf8)) }
}

extension MovementCommand.Change {
    /// The same for rows that say the same, in whatever columns.
    fileprivate var canonical: String {
        var json = JSONWriter<[UInt8]>(output: [])
        switch self {
        case .movement(let movement): json.canonical(movement)
        case .transfer(let transfer): json.canonical(transfer)
        case .batch(let batch):
            json.openArray()
            for movement in batch.movements { json.canonical(movement) }
            json.closeArray()
        }
        return String(decoding: json.output, as: UTF8.self)
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
