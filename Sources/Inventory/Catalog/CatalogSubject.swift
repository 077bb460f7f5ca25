/// The product or store that a change to the catalog concerns.
public enum CatalogSubject: Hashable, Sendable {
    /// `nil`: the id is still to be assigned.
    case product(ProductID?)
    case store(StoreID?)

    public var id: Int64? {
        switch self {
        case .product(let id): id?.rawValue
        case .store(let id): id?.rawValue
        }
    }
}

extension CatalogChange {
    public var subject: CatalogSubject {
        switch self {
        case .createProduct(let id, _): .product(id)
        case .addProduct: .product(nil)
        case .replaceProduct(let id, _, _), .archiveProduct(let id, _): .product(id)
        case .createStore(let id, _): .store(id)
        case .replaceStore(let id, _, _), .archiveStore(let id, _): .store(id)
        }
    }

    /// What it archives.
    public var archived: CatalogSubject? {
        switch self {
        case .archiveProduct, .archiveStore: subject
        case .createProduct, .addProduct, .replaceProduct, .createStore, .replaceStore: nil
        }
    }

    /// The SKU that it gives to a product.
    public var sku: String? {
        switch self {
        case .createProduct(_, let details), .replaceProduct(_, let details, _): details.sku
        case .addProduct, .archiveProduct, .createStore, .replaceStore, .archiveStore: nil
        }
    }

    /// The product name that the change must not duplicate.
    public var ownName: String? {
        if case .addProduct(let name) = self { name } else { nil }
    }
}
