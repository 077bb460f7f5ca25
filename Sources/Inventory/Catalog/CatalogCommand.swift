/// One change to the catalog, and on whose behalf.
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
    /// Creates a product with nothing but a name, unless there is one that is called so: then that one is the answer.
    case addProduct(named: String)
    case replaceProduct(ProductID, ProductDetails, ifVersion: VersionCondition)
    case archiveProduct(ProductID, ifVersion: VersionCondition)
    case createStore(StoreID?, name: String)
    case replaceStore(StoreID, name: String, ifVersion: VersionCondition)
    case archiveStore(StoreID, ifVersion: VersionCondition)
}

/// Which versions of something a change is made to: those that its author has seen.
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

/// Which one of the versions of something in the catalog.
public struct Version: Hashable, Sendable {
    public let position: Position
    public let history: History

    public init(_ position: Position, in history: History) {
        self.position = position
        self.history = history
    }
}

/// What a change to the catalog left behind.
public enum CatalogItem: Hashable, Sendable {
    case product(Product)
    case store(Store)
}
