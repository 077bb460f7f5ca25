/// The end of a store's ledger: the next entry is chained to it.
public struct LedgerHead: Hashable, Sendable {
    public let storeID: StoreID
    public private(set) var position: Position
    public private(set) var hash: AuditHash
    public private(set) var recordedAt: Timestamp

    public init(storeID: StoreID, position: Position, hash: AuditHash, recordedAt: Timestamp) {
        self.storeID = storeID
        self.position = position
        self.hash = hash
        self.recordedAt = recordedAt
    }

    /// The time of the next entry: never before the last one, so that time order and position order agree.
    package func nextTime(_ context: CommandContext, now: Timestamp) -> Timestamp {
        max(recordedAt, context.recordedAt ?? now)
    }

    /// Takes the next position and chains an entry to the last one.
    package mutating func append(
        _ action: AuditAction, detail: String, _ context: CommandContext, at now: Timestamp
    ) -> AuditEntry {
        let time = nextTime(context, now: now)
        var entry = AuditEntry(
            storeID: storeID, position: position.next, recordedAt: time, actor: context.actor,
            actionName: action.rawValue, requestID: context.requestID, detail: detail, hash: .origin)
        entry.hash = entry.hash(following: hash)
        position = entry.position
        hash = entry.hash
        recordedAt = time
        return entry
    }
}
