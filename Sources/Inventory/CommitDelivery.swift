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
    /// - Parameter timeline: Where it was committed: the copies of another timeline are another matter.
    /// - Returns: Whether all copies are known to have heard; otherwise the commit stays in the outbox.
    func deliver(_ advances: [Advance], on timeline: Timeline) async -> Bool
}

/// Names the line of history that commits belong to: another one after a promotion, which may have lost commits.
public struct Timeline: Hashable, Sendable {
    public let name: String
    public init(_ name: String) { self.name = name }
}

/// Nobody keeps copies.
public struct NoCopies: CommitDelivery {
    public init() {}
    public func deliver(_ advances: [Advance], on timeline: Timeline) async -> Bool { true }
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
public protocol TimelineTelling: Sendable {
    /// - Throws: `LedgerError` if the primary does not answer.
    func timeline() async throws(LedgerError) -> Timeline
}

extension Outcome {
    /// What it did to each ledger. Who repeats an answer is answerable for it like who gave it first: the first one may
    /// have died before it told anybody.
    public var advances: [Advance] {
        switch self {
        case .movement(let movement):
            return [movement.advance]
        case .transfer(let transfer):
            return [transfer.out.advance, transfer.in.advance]
        case .batch(let batch):
            return batch.lines.compactMap { line in
                guard case .recorded(let movement) = line else { return nil }
                return movement.advance
            }
        case .catalog(.product(let product)):
            return [Advance(storeID: .catalog, position: product.position, products: [product.id: product.position])]
        case .catalog(.store(let store)):
            return [Advance(storeID: .catalog, position: store.position, products: [:])]
        }
    }
}

extension RecordedMovement {
    fileprivate var advance: Advance {
        Advance(storeID: storeID, position: position, products: [productID: position])
    }
}

extension Decision {
    /// What the answers that are repeated once did.
    public var repeatedAdvances: [Advance] {
        answers.flatMap { answer in
            guard case .success(let answer) = answer, answer.isReplay else { return [Advance]() }
            return answer.outcome.advances
        }
    }
}
