extension Collection<Product> {
    /// The product that somebody means by a name: the one that is called exactly so, or else the only one that is called
    /// so in another case. An id or SKU is no name.
    ///
    /// Names are the same if they look the same, however their letters are composed: `String` compares them so.
    /// - Returns: `nil` if there is none.
    /// - Throws: `.ambiguousName` if there are several.
    public func called(_ name: String) throws(Refusal) -> Product? {
        let exact = filter { $0.details.name == name }
        let meant = exact.isEmpty ? Array(self) : exact
        guard meant.count <= 1 else { throw .ambiguousName(name) }
        return meant.first
    }
}

extension StockReading {
    /// The product that somebody means by a name.
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
