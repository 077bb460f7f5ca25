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
            of: query, DocumentQuery.stock,
            changed: [
                "storeID": { $0.storeID = StoreID(rawValue: 2) }, "after": { $0.after = ProductID(rawValue: 1) },
                "limit": { $0.limit = 1 }, "category": { $0.category = "Grocery" }, "below": { $0.below = 1 },
                "asOf": { $0.asOf = .now },
            ])
    }

    @Test("each property of a query of products is in its key")
    func products() {
        expectKeys(
            of: ProductQuery(), DocumentQuery.products,
            changed: [
                "after": { $0.after = ProductID(rawValue: 1) }, "limit": { $0.limit = 1 },
                "search": { $0.search = "a" },
                "category": { $0.category = "a" },
            ])
    }

    @Test("each property of a query of stores is in its key")
    func stores() {
        expectKeys(
            of: StoreQuery(), DocumentQuery.stores,
            changed: [
                "scope": { $0.scope = StoreScope(limitedTo: [1])! }, "after": { $0.after = StoreID(rawValue: 1) },
                "limit": { $0.limit = 1 },
            ])
    }

    @Test("the query of each document can be told from its key, and nothing else is taken for one")
    func queries() throws {
        let (store, level) = (StoreID(rawValue: 7), LevelKey(StoreID(rawValue: 7), ProductID(rawValue: 101)))
        let after = ProductID(rawValue: 5)
        let queries: [DocumentQuery] = [
            .stock(StockQuery(storeID: store)),
            .stock(StockQuery(storeID: store, after: after, limit: 10, category: "a=b", below: -3)),
            .level(level), .levelByName(level), .productByName("Tea = چائے"), .products(ProductQuery()),
            .products(ProductQuery(after: after, limit: 1, search: "x", category: "")), .stores(StoreQuery()),
            .stores(StoreQuery(scope: StoreScope(limitedTo: [2, 1])!, after: store, limit: 3)),
        ]
        for query in queries { #expect(DocumentQuery(query.key.storeID, query.key.name) == query) }
        let others = [
            "", "level", "level\n101\n", "level\n0101", "stock", "stock\nlimit=1\nx=y", "stock\nlimit=1\nas_of=2",
            "products\nlimit=1\nafter=x", "stores\nlimit=1\nstores=2,1", "else\nlimit=1",
        ]
        for name in others { #expect(DocumentQuery(store, name) == nil, "\(name)") }
    }

    @Test("the kind of a document is in its key")
    func kinds() {
        #expect(DocumentKind(DocumentQuery.stock(StockQuery(storeID: StoreID(rawValue: 1))).key) == .stock)
        #expect(DocumentKind(DocumentQuery.products(ProductQuery()).key) == .products)
        #expect(DocumentKind(DocumentQuery.stores(StoreQuery()).key) == .stores)
        #expect(DocumentKind(DocumentKey(storeID: .catalog, name: "another")) == nil)
    }

    /// - Parameter changes: A change of each property, which must change the key, too.
    private func expectKeys<Query>(
        of query: Query, _ document: (Query) -> DocumentQuery, changed changes: [String: (inout Query) -> Void]
    ) {
        #expect(
            Set(Mirror(reflecting: query).children.compactMap(\.label)) == Set(changes.keys),
            "a property is new: put it into the key, and into this test")
        for (property, change) in changes {
            var changed = query
            change(&changed)
            #expect(document(changed).key != document(query).key, "\(property)")
        }
    }
}
