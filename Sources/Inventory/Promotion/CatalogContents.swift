/// The whole catalog, including archived items, as it is moved from one place to another.
public struct CatalogContents: Hashable, Sendable {
    /// By id.
    public let products: [Archivable<Product>]
    /// By id; the catalog itself is not among them.
    public let stores: [Archivable<Store>]

    public init(products: [Archivable<Product>], stores: [Archivable<Store>]) {
        self.products = products
        self.stores = stores
    }
}

extension CatalogContents {
    /// The items that did not change after a position, according to `later`, a later state of the same catalog.
    public func unchanged(in later: CatalogContents, since position: Position) -> CatalogContents {
        let products = Set(later.products.filter { $0.item.position > position }.map(\.item.id))
        let stores = Set(later.stores.filter { $0.item.position > position }.map(\.item.id))
        return CatalogContents(
            products: self.products.filter { !products.contains($0.item.id) },
            stores: self.stores.filter { !stores.contains($0.item.id) })
    }

    /// The items that existed at a position of the catalog and have not changed since.
    public func unchanged(since position: Position) -> CatalogContents {
        unchanged(in: self, since: position)
    }
}
