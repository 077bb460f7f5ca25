import Inventory

/// What a mark says of one document: `nil` fields are not known.
struct Mark: Sendable {
    /// The position at which the mark became known, or was compacted.
    let base: Position?
    /// The highest position that was advanced to.
    let highest: Position?
    /// That of the last change of the document's product.
    let product: Position?

    /// How new a document must be; `nil` while the mark is unknown.
    func required(for key: DocumentKey) -> Position? {
        guard let base, let highest else { return nil }
        return key.productID == nil ? highest : max(base, product ?? .zero)
    }
}

/// What one round trip to the cache brings.
struct CacheReading: Sendable {
    let mark: Mark
    let catalogMark: Mark
    let document: Document?
}
