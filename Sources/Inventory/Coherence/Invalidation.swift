/// The new position of a ledger, and which products changed.
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

/// Invalidates the cache, so that it serves nothing older than a commit.
public protocol CacheInvalidating: Sendable {
    /// - Parameter state: The cache that was current in the commit's transaction.
    /// - Returns: Whether that cache is invalidated now.
    func invalidate(_ invalidations: [Invalidation], in state: CacheState) async -> Bool
}

/// This process has no cache, but others may have one.
public struct NoCacheConnection: CacheInvalidating {
    public init() {}
    public func invalidate(_ invalidations: [Invalidation], in state: CacheState) async -> Bool { false }
}

extension Outcome {
    /// Its changes to each ledger. A replay must invalidate the cache, too: the process that committed may have died
    /// before it did.
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
        case .refused:
            return []
        }
    }
}

extension RecordedMovement {
    fileprivate var invalidation: Invalidation {
        Invalidation(storeID: storeID, position: position, products: [productID: position])
    }
}

extension Decision {
    /// The commit's changes to each ledger.
    public var invalidations: [Invalidation] {
        var products: [StoreID: [ProductID: Position]] = [:]
        for entry in entries { products[entry.storeID, default: [:]][entry.productID] = entry.position }
        return heads.values.map {
            Invalidation(storeID: $0.storeID, position: $0.position, products: products[$0.storeID, default: [:]])
        }
    }

    /// The changes of the commits that are replayed.
    public var repeatedInvalidations: [Invalidation] {
        receipts.flatMap { result in
            guard case .success(let receipt) = result, receipt.isReplay else { return [Invalidation]() }
            return receipt.value.invalidations
        }
    }
}
