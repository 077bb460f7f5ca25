/// Why the rules of the ledger refuse a command. Nothing was written.
public enum Refusal: Decodable, Error, Hashable, Sendable {
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
    /// There is still stock of what is to be archived.
    case inUse(StockLeft)
    case preconditionFailed
    case idempotencyKeyReused
    /// An atomic batch in which these lines (by index) were refused.
    case batch([LineRefusal])
    /// No id is left to assign.
    case idsExhausted
    /// The request was not one that can be executed.
    indirect case invalid(InvalidRequest)
}

/// What was wrong with a request, as its sender is told.
public struct InvalidRequest: Decodable, Hashable, Sendable {
    /// The contract's problem code.
    public let code: String
    public let detail: String
    /// The property or parameter at fault.
    public let parameter: String?
    /// The fields of the body at fault.
    public let fields: [InvalidField]

    public init(code: String, detail: String, parameter: String?, fields: [InvalidField]) {
        self.code = code
        self.detail = detail
        self.parameter = parameter
        self.fields = fields
    }
}

/// Where there is still stock of a product or in a store, as far as whoever asks may know it.
public struct StockLeft: Hashable, Sendable {
    /// By store and product; at most ``maximumLevels``, and none where the stock is in stores of others only.
    public let levels: [LevelKey]
    /// Whether there are more levels with stock, be it in stores of others.
    public let hasMore: Bool

    public static let maximumLevels = 10

    public init(_ levels: [LevelKey], hasMore: Bool) {
        self.levels = levels
        self.hasMore = hasMore
    }

    /// - Parameter found: One level more than may be named, if there are so many; those in the scope of whoever asks first.
    /// - Returns: `nil` if there is none.
    public init?(_ found: [(level: LevelKey, isInScope: Bool)]) {
        guard !found.isEmpty else { return nil }
        levels = found.prefix(Self.maximumLevels).filter(\.isInScope).map(\.level)
        hasMore = found.count > levels.count
    }
}

/// Why one line of an atomic batch cannot be recorded.
public struct LineRefusal: Decodable, Hashable, Sendable {
    public let index: Int
    public let refusal: Refusal

    public init(index: Int, refusal: Refusal) {
        self.index = index
        self.refusal = refusal
    }
}
