import Inventory

/// The fields of a mark that concern one document; `nil` if unknown.
struct Mark: Sendable {
    /// The position at which the mark was established or compacted.
    let base: Position?
    /// The highest position that was invalidated.
    let highest: Position?
    /// The position of the last change to the document's product.
    let product: Position?

    /// How new a document must be; `nil` while the mark is unknown.
    func required(for key: DocumentKey) -> Position? {
        guard let base, let highest else { return nil }
        return key.productID == nil ? highest : max(base, product ?? .zero)
    }
}

/// The result of one round trip to the cache.
struct CacheReading: Sendable {
    let mark: Mark
    let catalogMark: Mark
    let document: Document?
}
