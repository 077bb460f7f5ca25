/// A change to the catalog, and its context.
public struct CatalogCommand: Sendable {
    public let change: CatalogChange
    public let context: CommandContext

    public init(_ change: CatalogChange, _ context: CommandContext) {
        self.change = change
        self.context = context
    }
}

public enum CatalogChange: Sendable {
    /// Without an id, the next free one is taken.
    case createProduct(ProductID?, ProductDetails)
    /// Returns the product with this name, or else creates one with only a name.
    case addProduct(named: String)
    case replaceProduct(ProductID, ProductDetails, ifVersion: VersionCondition)
    case archiveProduct(ProductID, ifVersion: VersionCondition)
    case createStore(StoreID?, name: String)
    case replaceStore(StoreID, name: String, ifVersion: VersionCondition)
    case archiveStore(StoreID, ifVersion: VersionCondition)
}

/// The versions that a change applies to: those that its author has seen.
public enum VersionCondition: Hashable, Sendable {
    case any
    case oneOf([Version])

    func admits(_ version: Version) -> Bool {
        switch self {
        case .any: true
        case .oneOf(let versions): versions.contains(version)
        }
    }
}

/// The version of a product or store.
public struct Version: Hashable, Sendable {
    public let position: Position
    public let history: History

    public init(_ position: Position, in history: History) {
        self.position = position
        self.history = history
    }
}

/// The result of a change to the catalog.
public enum CatalogItem: Hashable, Sendable {
    case product(Product)
    case store(Store)
}
