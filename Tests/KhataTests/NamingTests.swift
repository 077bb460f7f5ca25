import Inventory
import Testing

@testable import khata

@Suite("Names of products")
struct NamingTests {
    private static let shelf: [Product] = [
        product(101, "Sugar 500g"), product(102, "Sugar 1kg", sku: "SUG-1"), product(103, "Brown Sugar 1kg"),
        product(104, "Tea Tapal 200g", sku: "8961"), product(105, "Café Crème"), product(106, "چینی"),
        product(107, "Salt"), product(108, "Salt"),
    ]

    private static func product(_ id: Int64, _ name: String, sku: String? = nil) -> Product {
        Product(
            id: ProductID(rawValue: id), details: ProductDetails(sku: sku, name: name), position: Position(rawValue: id)
        )
    }

    private func ids(_ products: [Product]) -> [Int64] { products.map(\.id.rawValue) }

    private func meaning(_ text: String, of products: [Product] = shelf) -> [Int64] {
        var naming = Naming(text)
        for product in products { naming.consider(product) }
        return switch naming.meaning {
        case .none: []
        case .one(let product): ids([product])
        case .several(let products): ids(products)
        }
    }

    @Test(
        "a name, in any case and with or without accents, or a SKU",
        arguments: [
            ("Sugar 1kg", [102]), ("sugar 1KG", [102]), ("SUG-1", [102]), ("sug-1", [102]), ("8961", [104]),
            ("cafe creme", [105]), ("چینی", [106]), ("Salt", [107, 108]), ("salt", [107, 108]), ("Sugar", []),
        ] as [(String, [Int64])])
    func names(text: String, expected: [Int64]) {
        #expect(meaning(text) == expected)
    }

    @Test("a SKU goes before a name, and what is exact before what is alike")
    func precedence() {
        let products = [Self.product(1, "X", sku: "A"), Self.product(2, "A"), Self.product(3, "a")]
        #expect(meaning("A", of: products) == [1])
        #expect(meaning("a", of: products) == [3])
    }

    @Test("of SKUs that look the same, the one that was typed is meant")
    func composed() {
        let products = [Self.product(1, "X", sku: "caf\u{E9}"), Self.product(2, "Y", sku: "cafe\u{301}")]
        #expect(meaning("caf\u{E9}", of: products) == [1])
        #expect(meaning("cafe\u{301}", of: products) == [2])
        #expect(meaning("cafe", of: products) == [1, 2])
    }

    private func suggestions(_ text: String) -> [Int64] {
        var suggestions = Suggestions(for: text)
        for product in Self.shelf { suggestions.consider(product) }
        return ids(suggestions.products)
    }

    @Test(
        "a near miss suggests what is near",
        arguments: [
            ("Sugr", [102, 101, 103]), ("sugra 1kg", [102, 103]), ("suag", [102, 101, 103]), ("tapl", [104]),
            ("Cafe Crme", [105]), ("چنی", [106]), ("SUG1", [102, 101, 103]), ("xyzzy", []), ("", []),
        ] as [(String, [Int64])])
    func near(text: String, expected: [Int64]) {
        #expect(suggestions(text) == expected)
    }

    @Test("no more than five are suggested, the nearest of many")
    func bounded() {
        var suggestions = Suggestions(for: "tea")
        for id in (1...40).reversed() { suggestions.consider(Self.product(Int64(id), id == 9 ? "Tee" : "Tea \(id)")) }
        suggestions.consider(Self.product(41, "Tea"))
        #expect(suggestions.products.count == Suggestions.maximum)
        #expect(suggestions.products.first?.id == ProductID(rawValue: 41))
    }

    @Test(
        "edits",
        arguments: [
            ("", "", 0), ("", "ab", 2), ("sugar", "sugar", 0), ("sugr", "sugar", 1), ("suagr", "sugar", 1),
            ("sugar", "sugxr", 1), ("sugarr", "sugar", 1), ("ca", "abc", 3), ("kitten", "sitting", 3),
        ])
    func edits(one: String, other: String, edits: Int) {
        #expect(editDistance(Array(one), Array(other), atMost: 10) == edits)
        #expect(editDistance(Array(other), Array(one), atMost: edits) == edits)
        if edits > 0 { #expect(editDistance(Array(one), Array(other), atMost: edits - 1) == nil) }
    }
}
