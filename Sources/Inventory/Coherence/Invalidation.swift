/// How far a ledger has advanced, and what changed.
public struct Invalidation: Hashable, Sendable {
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

/// Tells the cache what has changed, so that it serves nothing that is older.
public protocol CacheInvalidating: Sendable {
    /// - Parameter state: Which cache counted when it was committed.
    /// - Returns: Whether that cache knows now.
    func invalidate(_ invalidations: [Invalidation], in state: CacheState) async -> Bool
}

/// There is no cache here; there may be one that others serve from.
public struct NoCache: CacheInvalidating {
    public init() {}
    public func invalidate(_ invalidations: [Invalidation], in state: CacheState) async -> Bool { false }
}

extension Outcome {
    /// What it did to each ledger. Who repeats an answer is answerable for it like who gave it first: the first one may
    /// have died before it told anybody.
    public var invalidations: [Invalidation] {
        switch self {
        case .movement(let movement):
            return [movement.invalidation]
        case .transfer(let transfer):
            return [transfer.out.invalidation, transfer.in.invalidation]
        case .batch(let batch):
            return batch.lines.compactMap { line in
                guard case .recorded(let movement) = line else { return nil }
                return movement.invalidation
            }
        case .catalog(.product(let product)):
            return [
                Invalidation(storeID: .catalog, position: product.position, products: [product.id: product.position])
            ]
        case .catalog(.store(let store)):
            return [Invalidation(storeID: .catalog, position: store.position, products: [:])]
        }
    }
}

extension RecordedMovement {
    fileprivate var invalidation: Invalidation {
        Invalidation(storeID: storeID, position: position, products: [productID: position])
    }
}

extension Decision {
    /// What the answers that are repeated once did.
    public var repeatedInvalidations: [Invalidation] {
        answers.flatMap { answer in
            guard case .success(let answer) = answer, answer.isReplay else { return [Invalidation]() }
            return answer.outcome.invalidations
        }
    }
}
