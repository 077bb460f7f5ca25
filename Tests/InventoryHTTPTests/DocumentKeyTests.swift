import Access
import Inventory
import StockCache
import Testing

@testable import InventoryHTTP

/// Two queries with the same key would share a cached document.
@Suite("Keys of cached lists")
struct DocumentKeyTests {
    @Test("each property of a query of stock is in its key")
    func stock() {
        let query = StockQuery(storeID: StoreID(rawValue: 1))
        expectKeys(
            of: query, DocumentKey.init,
            changed: [
                "storeID": { $0.storeID = StoreID(rawValue: 2) }, "after": { $0.after = ProductID(rawValue: 1) },
                "limit": { $0.limit = 1 }, "category": { $0.category = "Grocery" }, "below": { $0.below = 1 },
                "asOf": { $0.asOf = .now },
            ])
    }

    @Test("each property of a query of products is in its key")
    func products() {
        expectKeys(
            of: ProductQuery(), DocumentKey.init,
            changed: [
                "after": { $0.after = ProductID(rawValue: 1) }, "limit": { $0.limit = 1 },
                "search": { $0.search = "a" },
                "category": { $0.category = "a" },
            ])
    }

    @Test("each property of a query of stores is in its key")
    func stores() {
        expectKeys(
            of: StoreQuery(), DocumentKey.init,
            changed: [
                "scope": { $0.scope = StoreScope(limitedTo: [1])! }, "after": { $0.after = StoreID(rawValue: 1) },
                "limit": { $0.limit = 1 },
            ])
    }

    @Test("the kind of a document is in its key")
    func kinds() {
        #expect(DocumentKind(DocumentKey(StockQuery(storeID: StoreID(rawValue: 1)))) == .stock)
        #expect(DocumentKind(DocumentKey(ProductQuery())) == .products)
        #expect(DocumentKind(DocumentKey(StoreQuery())) == .stores)
        #expect(DocumentKind(DocumentKey(storeID: .catalog, name: "another")) == nil)
    }

    /// - Parameter changes: A change of each property, which must change the key, too.
    private func expectKeys<Query>(
        of query: Query, _ key: (Query) -> DocumentKey, changed changes: [String: (inout Query) -> Void]
    ) {
        #expect(
            Set(Mirror(reflecting: query).children.compactMap(\.label)) == Set(changes.keys),
            "a property is new: put it into the key, and into this test")
        for (property, change) in changes {
            var changed = query
            change(&changed)
            #expect(key(changed) != key(query), "\(property)")
        }
    }
}
