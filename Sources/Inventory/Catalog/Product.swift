/// A product of the catalog, which all stores share.
public struct Product: Decodable, Hashable, Sendable {
    public let id: ProductID
    public let details: ProductDetails
    /// The catalog's position of the product's last change: its version.
    public let position: Position

    public init(id: ProductID, details: ProductDetails, position: Position) {
        self.id = id
        self.details = details
        self.position = position
    }
}

/// The part of a product that clients set. Texts are compared byte by byte, as databases do.
public struct ProductDetails: Decodable, Sendable {
    /// The stock keeping unit, unique among all products, archived ones included.
    public var sku: String?
    public var name: String
    public var category: String?
    /// What one unit of stock is: "pack", "kg", "bottle" …
    public var unit: String?

    public init(sku: String? = nil, name: String, category: String? = nil, unit: String? = nil) {
        self.sku = sku
        self.name = name
        self.category = category
        self.unit = unit
    }
}

extension ProductDetails: Hashable {
    private var exact: [ExactText?] { [sku, name, category, unit].map { $0.map(ExactText.init) } }

    public static func == (lhs: ProductDetails, rhs: ProductDetails) -> Bool { lhs.exact == rhs.exact }
    public func hash(into hasher: inout Hasher) { hasher.combine(exact) }
}
