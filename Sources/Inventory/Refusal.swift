/// Why the rules of the ledger refuse a command. Nothing was written.
public enum Refusal: Error, Hashable, Sendable {
    case insufficientStock(onHand: Int64, requested: Int64)
    /// The level is not the one that the client expected.
    case stockChanged(onHand: Int64)
    /// The product does not exist or is archived.
    case unknownProduct(ProductID)
    /// The store does not exist or is archived.
    case unknownStore(StoreID)
    /// Several products have this name.
    case ambiguousName(String)
    /// The product or store that a change to the catalog concerns does not exist or is archived.
    case notFound
    /// Another product or store already has this value of `field`.
    case alreadyExists(_ field: String)
    /// There is still stock at this level.
    case inUse(LevelKey)
    case preconditionFailed
    case idempotencyKeyReused
    /// An atomic batch in which these lines (by index) were refused.
    case batch([LineRefusal])
    /// No id is left to assign.
    case idsExhausted
}

/// Why one line of an atomic batch cannot be recorded.
public struct LineRefusal: Hashable, Sendable {
    public let index: Int
    public let refusal: Refusal

    public init(index: Int, refusal: Refusal) {
        self.index = index
        self.refusal = refusal
    }
}
