/// Stores where the receivers of events stand.
///
/// A subscription is delivered by one process at a time, which holds it for a while and extends that. Its cursors are kept
/// in the database of the ledgers, and never are ahead of them, whichever copy of the database takes over.
public protocol SubscriptionStoring: Sendable {
    /// Does nothing if the subscription exists.
    func createSubscription(_ id: SubscriptionID, from start: SubscriptionStart) async throws(LedgerError)

    /// Takes a subscription, or extends the time for which this holder has it.
    /// - Parameters:
    ///   - holder: Unique to a process.
    ///   - duration: By the database's clock; less than an hour.
    /// - Returns: `false` if another holder has it.
    /// - Throws: `.notFound`
    func holdSubscription(
        _ id: SubscriptionID, as holder: String, for duration: Duration
    ) async throws(LedgerError) -> Bool

    /// Lets another process take the subscription at once.
    func releaseSubscription(_ id: SubscriptionID, heldBy holder: String) async throws(LedgerError)

    /// A ledger without a cursor has not been delivered at all.
    func cursors(of id: SubscriptionID) async throws(LedgerError) -> [SubscriptionCursor]

    /// Stores that the receiver has everything up to these cursors.
    ///
    /// A crash of the database may lose this: then events are delivered again.
    /// - Throws: `.refused(.preconditionFailed)` if another process has taken the subscription: nothing is stored.
    ///   `.historyChanged` if a ledger does not have its cursor's entry, which a failover has lost: the others are stored.
    func advanceSubscription(
        _ id: SubscriptionID, to cursors: [SubscriptionCursor], heldBy holder: String
    ) async throws(LedgerError)
}

/// Names a subscription.
public struct SubscriptionID: Hashable, Sendable, CustomStringConvertible {
    public let text: String
    public init(_ text: String) { self.text = text }
    public var description: String { text }
}

/// Where a new subscription begins, in the ledgers that there are; those created later are delivered from their beginning.
public enum SubscriptionStart: Sendable {
    case beginning, end
}

/// The last entry of a ledger that a receiver is known to have.
public struct SubscriptionCursor: Hashable, Sendable {
    public let storeID: StoreID
    public let position: Position
    /// Of the entry: another one takes its position after a failover that lost commits.
    public let hash: AuditHash

    public init(storeID: StoreID, position: Position, hash: AuditHash) {
        self.storeID = storeID
        self.position = position
        self.hash = hash
    }
}

extension SubscriptionCursor {
    /// From the columns store_id, position and hash.
    package init(_ row: some LedgerRow) throws {
        try self.init(storeID: row.storeID(0), position: row.position(1), hash: row.auditHash(2))
    }
}
