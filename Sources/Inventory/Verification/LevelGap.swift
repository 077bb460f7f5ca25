import JSON

/// A movement that was decided by a level that somebody had changed: what it leaves on hand does not follow from the movements
/// before. The log keeps it for good, so that it can only be acknowledged.
public struct LevelGap: Hashable, Sendable {
    public let storeID: StoreID
    public let position: Position
    public let productID: ProductID
    /// What the movement leaves on hand.
    public let found: Int64
    /// What follows from the movements before.
    public let expected: Int64
    /// Of the movement's entry, and so of all entries before it.
    public let hash: AuditHash
}

/// Stores that differences are known.
public protocol AcknowledgementStoring: Sendable {
    /// Appends an entry to the log of keys and users. From then on, verifications report this difference as acknowledged.
    /// - Throws: `.unavailable`, `.overloaded`, `.outcomeUnknown`.
    func acknowledge(_ gap: LevelGap, note: String, _ context: CommandContext) async throws(LedgerError)
}

/// A difference that somebody has acknowledged.
public struct AcknowledgedDifference: Hashable, Sendable, CustomStringConvertible {
    public let difference: LedgerDifference
    /// Who and when.
    public let actor: String
    public let acknowledgedAt: Timestamp
    public let note: String

    public var description: String { "\(difference); acknowledged by \(actor) at \(acknowledgedAt): \(note)" }
}

extension LevelGap {
    /// What the entry about it is about.
    var subject: String { "difference:\(storeID):\(position)" }

    /// The detail of the entry that acknowledges it.
    package func auditDetail(note: String) -> String {
        String(json: { json in
            json.openObject()
            json.field("subject", subject)
            json.field("store_id", storeID)
            json.field("position", position.rawValue)
            json.field("product_id", productID)
            json.field("found", found)
            json.field("expected", expected)
            json.field("hash", hash.description)
            json.field("note", note)
            json.closeObject()
        })
    }
}

extension AcknowledgedDifference {
    /// `nil` unless the entry acknowledges exactly this.
    init?(_ gap: LevelGap, by entry: AuditEntry?) {
        guard let entry, let note = EntryFields(entry.detail)?.text("note"),
            entry.detail.utf8.elementsEqual(gap.auditDetail(note: note).utf8)
        else { return nil }
        self.init(
            difference: LedgerDifference(AuditDefect(gap)), actor: entry.actor, acknowledgedAt: entry.recordedAt,
            note: note)
    }
}
