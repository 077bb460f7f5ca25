extension Collection<Product> {
    /// Finds a product by name: the one with exactly this name, or else the only one with it in another case. Ids and
    /// SKUs are not names.
    ///
    /// Differences in Unicode normalization are ignored, as `String` comparison does.
    /// - Returns: `nil` if there is none.
    /// - Throws: `.ambiguousName` if there are several.
    public func called(_ name: String) throws(Refusal) -> Product? {
        let exact = filter { $0.details.name == name }
        let matches = exact.isEmpty ? Array(self) : exact
        guard matches.count <= 1 else { throw .ambiguousName(name) }
        return matches.first
    }
}

extension StockReading {
    /// Finds a product by name; see `Collection.called(_:)`.
    /// - Throws: `.notFound`, `.refused(.ambiguousName)`.
    public func product(named name: String, _ freshness: Freshness) async throws(LedgerError) -> Snapshot<Product> {
        let found = try await products(named: name, freshness)
        let product: Product?
        do throws(Refusal) {
            product = try found.value.called(name)
        } catch {
            throw .refused(error)
        }
        guard let product else { throw .notFound }
        return found.map { _ in product }
    }
}
