import Inventory

/// Finds a product by what a user typed: its id, SKU or name.
struct ProductFinder: Sendable {
    let ledger: any StockReading

    /// The maximum number of products considered for a suggestion.
    private static let maximumConsidered = 20_000
    private static let pageSize = 1_000

    /// - Throws: `Failure` with suggestions, if no product or several have the name. `LedgerError`.
    func product(_ text: String) async throws -> Product {
        if let product = try await product(numbered: text) { return product }
        var naming = Naming(text)
        try await forEachPage { key throws(LedgerError) in
            try await ledger.products(
                ProductQuery(after: key, limit: Self.pageSize, search: text), Freshness()
            ).value
        } do: { page in
            for product in page.items { naming.consider(product) }
            return true
        }
        switch naming.meaning {
        case .one(let product):
            return product
        case .several(let products):
            throw Failure(
                "Several products are called \"\(text)\": \(products.listed). Name the one that you mean by its id.")
        case .none:
            throw try await unknown(text)
        }
    }

    /// A number is an id, if a product has it; otherwise it may be a SKU.
    private func product(numbered text: String) async throws(LedgerError) -> Product? {
        guard let number = Int64(text), (1...maximumJSONInteger).contains(number) else { return nil }
        do throws(LedgerError) {
            return try await ledger.product(ProductID(rawValue: number), Freshness()).value
        } catch .notFound {
            return nil
        }
    }

    private func unknown(_ text: String) async throws -> Failure {
        var suggestions = Suggestions(for: text)
        var considered = 0
        try await forEachPage { key throws(LedgerError) in
            try await ledger.products(ProductQuery(after: key, limit: Self.pageSize), Freshness()).value
        } do: { page in
            for product in page.items { suggestions.consider(product) }
            considered += page.items.count
            return considered < Self.maximumConsidered
        }
        let products = suggestions.products
        let hint =
            products.isEmpty
            ? "`khata product list` shows what there is." : "Did you mean: \(products.listed)?"
        return Failure("No product is called \"\(text)\". \(hint)")
    }
}

/// The matches of a text among the products considered.
struct Naming {
    enum Meaning: Equatable {
        case none
        case one(Product)
        case several([Product])
    }

    /// The maximum number of suggestions.
    private static let maximum = 10

    private let text: String
    private let folded: String
    private var bySKU: Product?
    private var byName: [Product] = []
    private var alike: [Product] = []

    init(_ text: String) {
        self.text = text
        folded = text.folded
    }

    mutating func consider(_ product: Product) {
        if product.details.sku.map(ExactText.init) == ExactText(text) {
            bySKU = product
        } else if product.details.name == text {
            if byName.count < Self.maximum { byName.append(product) }
        } else if product.details.name.folded == folded || product.details.sku?.folded == folded {
            if alike.count < Self.maximum { alike.append(product) }
        }
    }

    /// A SKU before a name, since it is unique; exact matches before those that differ in case or accents.
    var meaning: Meaning {
        if let bySKU { return .one(bySKU) }
        let products = byName.isEmpty ? alike : byName
        return products.isEmpty ? .none : products.count == 1 ? .one(products[0]) : .several(products)
    }
}

extension [Product] {
    /// Such as `Sugar 1kg (102), Sugar 5kg (103)`.
    fileprivate var listed: String {
        map { "\($0.details.name.withoutControls) (\($0.id))" }.joined(separator: ", ")
    }
}
