import Inventory
import InventoryTesting
import Testing

@Suite("The catalog")
struct CatalogTests {
    @Test("products are created, replaced, listed and archived", arguments: LedgerUnderTest.allCases)
    func products(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            let created = try await ledger.change(
                .createProduct(nil, ProductDetails(name: "Tea 100%_\\", category: "Beverages")), .testing())
            guard case .product(let tea) = created.value else { throw LedgerError.internalFailure }
            #expect(tea.id == ProductID(rawValue: 103))
            #expect(try await ledger.product(tea.id, Freshness()).value == tea)

            _ = try await ledger.change(
                .replaceProduct(.sugar, ProductDetails(name: "Sugar 2kg"), ifVersion: .any), .testing())
            #expect(try await ledger.product(.sugar, Freshness()).value.details.name == "Sugar 2kg")

            func names(_ query: ProductQuery) async throws -> [String] {
                try await ledger.products(query, Freshness()).value.items.map(\.details.name)
            }
            #expect(try await names(ProductQuery()) == ["Rice 5kg", "Sugar 2kg", "Tea 100%_\\"])
            #expect(try await names(ProductQuery(search: "RICE")) == ["Rice 5kg"])
            #expect(try await names(ProductQuery(search: "sku-101")) == ["Rice 5kg"])
            #expect(try await names(ProductQuery(search: "%_\\")) == ["Tea 100%_\\"])
            #expect(try await names(ProductQuery(category: "Beverages")) == ["Tea 100%_\\"])

            let version = Version(tea.position, in: try await ledger.product(tea.id, Freshness()).history)
            _ = try await ledger.change(.archiveProduct(tea.id, ifVersion: .oneOf([version])), .testing())
            #expect(try await names(ProductQuery()) == ["Rice 5kg", "Sugar 2kg"])
            await #expect(throws: LedgerError.self) { try await ledger.product(tea.id, Freshness()) }
            #expect(
                try await refusal {
                    _ = try await ledger.record(.stockIn(1, LevelKey(.one, tea.id)), .testing())
                } == .unknownProduct(tea.id))
            try await ledger.expectSound()
        }
    }

    /// "é" is one letter or two: names are the same however their letters are composed, and no other texts are.
    @Test("SKUs and categories are compared byte by byte", arguments: LedgerUnderTest.allCases)
    func composed(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            let texts = ["caf\u{E9}", "cafe\u{301}"]
            var products: [Product] = []
            for text in texts {
                let details = ProductDetails(sku: text, name: "\(text) \(text.utf8.count)", category: text)
                let created = try await ledger.change(.createProduct(nil, details), .testing())
                guard case .product(let product) = created.value else { throw LedgerError.internalFailure }
                products.append(product)
                _ = try await ledger.record(.stockIn(1, LevelKey(.one, product.id)), .testing())
            }
            #expect(products[0] != products[1])
            for (text, product) in zip(texts, products) {
                #expect(
                    try await ledger.products(ProductQuery(category: text), Freshness()).value.items.map(\.id)
                        == [product.id])
                let stock = try await ledger.stock(StockQuery(storeID: .one, category: text), Freshness())
                #expect(stock.value.items.map(\.productID) == [product.id])
            }
        }
    }

    @Test("a character of a pattern is itself, also with an accent", arguments: LedgerUnderTest.allCases)
    func patterns(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            for name in ["Q\u{308} Cola", "100%\u{308}", "_\u{308}", "\\\u{308}"] {
                _ = try await ledger.change(.createProduct(nil, ProductDetails(name: name)), .testing())
            }
            for (search, name) in [("%\u{308}", "100%\u{308}"), ("_\u{308}", "_\u{308}"), ("\\\u{308}", "\\\u{308}")] {
                let found = try await ledger.products(ProductQuery(search: search), Freshness()).value.items
                #expect(found.map(\.details.name) == [name], "\(search.unicodeScalars.map(\.value))")
            }
        }
    }

    @Test("products are found by name, in upper or lower case", arguments: LedgerUnderTest.allCases)
    func names(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            let long = String(repeating: "\u{1F36C}", count: 200)
            for name in ["چینی", "Caf\u{E9} ÄÖ", long, "soap", "SOAP", "Soap", "50%_\\", "102", "Rice 5kg"] {
                _ = try await ledger.change(.createProduct(nil, ProductDetails(name: name)), .testing())
            }
            func named(_ name: String) async throws -> [String] {
                try await ledger.products(named: name, Freshness()).value.map(\.details.name)
            }
            for name in ["Sugar 1kg", "SUGAR 1KG", "sugar 1kg"] { #expect(try await named(name) == ["Sugar 1kg"]) }
            #expect(try await named("چینی") == ["چینی"])
            #expect(try await named("cafe\u{301} äö") == ["Caf\u{E9} ÄÖ"])
            #expect(try await named(long) == [long])
            #expect(try await named("50%_\\") == ["50%_\\"])
            #expect(try await named("%") == [])
            #expect(try await named("SKU-102") == [])
            #expect(try await named("Soap").first == "Soap")
            #expect(try await named("SoAp").count == 2)
            #expect(try await named("Rice 5kg") == ["Rice 5kg", "Rice 5kg"])
            _ = try await ledger.change(.archiveProduct(.rice, ifVersion: .any), .testing())
            #expect(try await named("Rice 5kg") == ["Rice 5kg"])
        }
    }

    @Test("many who add one name at once add one product", arguments: LedgerUnderTest.allCases)
    func addedName(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            let items = try await withThrowingTaskGroup(of: CatalogItem.self) { group in
                for index in 0..<20 {
                    let name = index % 2 == 0 ? "چائے Tea" : "چائے TEA"
                    group.addTask { try await ledger.change(.addProduct(named: name), .testing()).value }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(items.count == 1)
            #expect(try await ledger.products(named: "چائے tea", Freshness()).value.count == 1)
            #expect(
                try await refusal {
                    for _ in 0..<2 {
                        _ = try await ledger.change(.createProduct(nil, ProductDetails(name: "Oil")), .testing())
                    }
                    _ = try await ledger.change(.addProduct(named: "oil"), .testing())
                } == .ambiguousName("oil"))
            try await ledger.expectSound()
        }
    }

    @Test("what exists is not created again", arguments: LedgerUnderTest.allCases)
    func conflicts(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            func refused(_ change: CatalogChange) async throws -> Refusal? {
                try await refusal { _ = try await ledger.change(change, .testing()) }
            }
            #expect(try await refused(.createStore(.one, name: "Again")) == .alreadyExists("store_id"))
            #expect(
                try await refused(.createProduct(.sugar, ProductDetails(name: "Again"))) == .alreadyExists("product_id")
            )
            #expect(
                try await refused(.createProduct(nil, ProductDetails(sku: "SKU-101", name: "Again")))
                    == .alreadyExists("sku"))
            #expect(
                try await refused(
                    .replaceProduct(.sugar, ProductDetails(sku: "SKU-101", name: "Sugar"), ifVersion: .any))
                    == .alreadyExists("sku"))
            #expect(
                try await refused(
                    .replaceStore(.one, name: "A", ifVersion: .oneOf([Version(.zero, in: History("other"))])))
                    == .preconditionFailed)
            #expect(try await refused(.replaceStore(StoreID(rawValue: 9), name: "A", ifVersion: .any)) == .notFound)
            #expect(try await refused(.replaceStore(.catalog, name: "A", ifVersion: .any)) == .notFound)
            #expect(try await refused(.archiveStore(.catalog, ifVersion: .any)) == .notFound)
            try await ledger.expectSound()
        }
    }

    @Test("what has stock is not archived", arguments: LedgerUnderTest.allCases)
    func inUse(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            _ = try await ledger.record(.stockIn(1, .sugarInTwo), .testing())
            for change in [CatalogChange.archiveProduct(.sugar, ifVersion: .any), .archiveStore(.two, ifVersion: .any)]
            {
                #expect(
                    try await refusal { _ = try await ledger.change(change, .testing()) }
                        == .inUse(StockLeft([.sugarInTwo], hasMore: false)))
            }
            _ = try await ledger.record(.sale(1, .sugarInTwo), .testing())
            _ = try await ledger.change(.archiveStore(.two, ifVersion: .any), .testing())
            #expect(try await ledger.stores(StoreQuery(), Freshness()).value.items.map(\.id) == [.one])
            await #expect(throws: LedgerError.self) {
                try await ledger.stock(StockQuery(storeID: .two), Freshness())
            }
            #expect(
                try await refusal { _ = try await ledger.record(.stockIn(1, .sugarInTwo), .testing()) }
                    == .unknownStore(.two))
            // Its history is still there.
            #expect(try await ledger.entries(EntryQuery(storeID: .two), Freshness()).value.items.count == 2)
            try await ledger.expectSound([.catalog, .one])
        }
    }

    @Test("it is said where there is stock: in at most ten places", arguments: LedgerUnderTest.allCases)
    func stockLeft(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            let products = (201...211).map { ProductID(rawValue: $0) }
            for product in products {
                _ = try await ledger.change(.createProduct(product, ProductDetails(name: "P \(product)")), .testing())
                _ = try await ledger.record(.stockIn(1, LevelKey(.one, product)), .testing())
            }
            for level in [LevelKey.sugarInTwo, .sugarInOne] {
                _ = try await ledger.record(.stockIn(1, level), .testing())
            }
            let ofProduct = try await refusal {
                _ = try await ledger.change(.archiveProduct(.sugar, ifVersion: .any), .testing())
            }
            #expect(ofProduct == .inUse(StockLeft([.sugarInOne, .sugarInTwo], hasMore: false)))
            let ofStore = try await refusal {
                _ = try await ledger.change(.archiveStore(.one, ifVersion: .any), .testing())
            }
            let levels = ([.sugar] + products.prefix(9)).map { LevelKey(.one, $0) }
            #expect(ofStore == .inUse(StockLeft(levels, hasMore: true)))
        }
    }

    @Test("a product is not archived while stock of it arrives", arguments: LedgerUnderTest.allCases)
    func archivingRaces(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            for _ in 0..<10 {
                let created = try await ledger.change(.createProduct(nil, ProductDetails(name: "Tea")), .testing())
                guard case .product(let tea) = created.value else { throw LedgerError.internalFailure }
                let archived = Task {
                    try await refusal {
                        _ = try await ledger.change(.archiveProduct(tea.id, ifVersion: .any), .testing())
                    } == nil
                }
                let arrived = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for store in [StoreID.one, .two] {
                        group.addTask {
                            try await refusal {
                                _ = try await ledger.record(.stockIn(1, LevelKey(store, tea.id)), .testing())
                            } == nil
                        }
                    }
                    return try await group.reduce(false) { $0 || $1 }
                }
                #expect(try await archived.value != arrived)
            }
        }
    }

    @Test("cancelling who asks for a change cancels nothing", arguments: LedgerUnderTest.allCases)
    func cancelled(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            let changes = (0..<10).map { index in
                Task { try await ledger.change(.createProduct(nil, ProductDetails(name: "P\(index)")), .testing()) }
            }
            for change in changes { change.cancel() }
            for change in changes { _ = try await change.value }
            #expect(try await ledger.products(ProductQuery(), Freshness()).value.items.count == 12)
        }
    }

    @Test("many creators at once get ids and positions of their own", arguments: LedgerUnderTest.allCases)
    func concurrentCreation(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            let products = try await withThrowingTaskGroup(of: Product.self) { group in
                for index in 0..<20 {
                    group.addTask {
                        let item = try await ledger.change(
                            .createProduct(nil, ProductDetails(name: "P\(index)")), .testing()
                        ).value
                        guard case .product(let product) = item else { throw LedgerError.internalFailure }
                        return product
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(products.map(\.id)).count == 20)
            #expect(products.map(\.position.rawValue).sorted() == Array(5...24))
            try await ledger.expectSound()
        }
    }
}
