/// How far a ledger has advanced, and what changed.
public struct Advance: Hashable, Sendable {
    public let storeID: StoreID
    public let position: Position
    /// The products that changed, each with the position of its last change.
    public let products: [ProductID: Position]

    public init(storeID: StoreID, position: Position, products: [ProductID: Position]) {
        self.storeID = storeID
        self.position = position
        self.products = products
    }
}

/// Whoever keeps copies of what the ledger says, and is told of each commit before anyone is answered for it.
public protocol CommitDelivery: Sendable {
    /// - Returns: Whether all copies are known to have heard; otherwise the commit stays in the outbox.
    func deliver(_ advances: [Advance]) async -> Bool
}

/// Nobody keeps copies.
public struct NoCopies: CommitDelivery {
    public init() {}
    public func deliver(_ advances: [Advance]) async -> Bool { true }
}

/// Commits that copies may not have heard of, because who made them died or could not tell.
public protocol CommitFeed: Sendable {
    /// The oldest of them that are older than `age`; `nil` while another process sees to them.
    func undelivered(olderThan age: Duration, limit: Int) async throws(LedgerError) -> [UndeliveredCommit]?
    func forget(_ commits: [UndeliveredCommit]) async throws(LedgerError)
}

public struct UndeliveredCommit: Hashable, Sendable {
    /// The entry that names the commit.
    public let entry: EntryKey
    public let advances: [Advance]

    public init(entry: EntryKey, advances: [Advance]) {
        self.entry = entry
        self.advances = advances
    }
}

/// The primary, as those who keep copies ask it.
public protocol PrimaryIdentity: Sendable {
    /// Names the cluster, its timeline and the database: another name after a promotion, which may have lost commits.
    /// - Throws: `LedgerError` if the primary does not answer.
    func cluster() async throws(LedgerError) -> String
}
