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

/// The result of a change to the catalog.
public enum CatalogItem: Decodable, Hashable, Sendable {
    case product(Product)
    case store(Store)
}
