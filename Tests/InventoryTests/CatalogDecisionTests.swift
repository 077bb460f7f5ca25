import InventoryTesting
import Testing

@testable import Inventory

@Suite("Decisions on the catalog")
struct CatalogDecisionTests {
    private static let product = Product(
        id: .sugar, details: ProductDetails(sku: "S1", name: "Sugar 1kg"), position: Position(rawValue: 3))

    private func state(
        _ subject: CatalogState.Subject = .missing, skuHolder: ProductID? = nil, namesakes: [Product] = [],
        highestID: Int64 = 0, stockLeft: StockLeft? = nil
    ) -> CatalogState {
        CatalogState(
            now: Timestamp(microseconds: 1),
            head: LedgerHead(
                storeID: .catalog, position: Position(rawValue: 7), hash: .origin, recordedAt: .earliest),
            history: .testing, subject: subject, skuHolder: skuHolder, namesakes: namesakes, highestID: highestID,
            stockLeft: stockLeft,
            record: nil)
    }

    private func decided(_ change: CatalogChange, _ state: CatalogState) throws(Refusal) -> CatalogDecision {
        try decide(CatalogCommand(change, .testing), on: state)
    }

    @Test("a product without an id gets the next one, at the catalog's next position")
    func assignedID() throws {
        let decision = try decided(.createProduct(nil, ProductDetails(name: "Tea")), state(highestID: 41))
        #expect(
            decision.receipt.value
                == .product(
                    Product(
                        id: ProductID(rawValue: 42), details: ProductDetails(name: "Tea"),
                        position: Position(rawValue: 8))))
        #expect(decision.written?.audit.position == Position(rawValue: 8))
        #expect(decision.written?.audit.action == .productCreated)
    }

    @Test("an id or SKU that exists is refused, an archived product's too")
    func alreadyExists() {
        let taken = CatalogChange.createProduct(.sugar, ProductDetails(name: "Sugar"))
        #expect(throws: Refusal.alreadyExists("product_id")) {
            try decided(taken, state(.product(Self.product, isArchived: true)))
        }
        #expect(throws: Refusal.alreadyExists("sku")) { try decided(taken, state(skuHolder: ProductID(rawValue: 9))) }
    }

    @Test("a name is added once: exactly so or in another case, it is there already")
    func addedName() throws {
        let added = try decided(.addProduct(named: "Tea"), state(highestID: 41))
        #expect(
            added.receipt.value
                == .product(
                    Product(
                        id: ProductID(rawValue: 42), details: ProductDetails(name: "Tea"),
                        position: Position(rawValue: 8))))
        #expect(added.written?.audit.action == .productCreated)
        for name in ["Sugar 1kg", "SUGAR 1KG"] {
            let found = try decided(.addProduct(named: name), state(namesakes: [Self.product], highestID: 41))
            #expect(found.receipt.value == .product(Self.product))
            #expect(found.written == nil)
        }
    }

    @Test("who is called exactly so is meant; otherwise a name of several is nobody's")
    func namesakes() throws {
        func product(_ id: Int64, _ name: String) -> Product {
            Product(id: ProductID(rawValue: id), details: ProductDetails(name: name), position: .zero)
        }
        let several = [product(1, "SOAP"), product(2, "Soap"), product(3, "Caf\u{E9}")]
        #expect(try several.prefix(2).called("Soap")?.id == ProductID(rawValue: 2))
        #expect(throws: Refusal.ambiguousName("soap")) { try several.prefix(2).called("soap") }
        #expect(throws: Refusal.ambiguousName("Soap")) {
            try decided(.addProduct(named: "Soap"), state(namesakes: [product(1, "Soap"), product(2, "Soap")]))
        }
        #expect(try several.suffix(1).called("Cafe\u{301}")?.id == ProductID(rawValue: 3))
        #expect(try [Product]().called("Soap") == nil)
    }

    @Test("no id is left after the largest")
    func exhausted() {
        #expect(throws: Refusal.idsExhausted) {
            try decided(.createStore(nil, name: "A"), state(highestID: maximumJSONInteger))
        }
    }

    @Test("a replacement keeps its own SKU, and needs the version that it names")
    func replace() throws {
        let current = state(.product(Self.product, isArchived: false), skuHolder: .sugar)
        func replaced(_ condition: VersionCondition) throws(Refusal) -> CatalogDecision {
            try decided(.replaceProduct(.sugar, Self.product.details, ifVersion: condition), current)
        }
        #expect(try replaced(.any).written != nil)
        func version(_ position: Int64, in history: History = .testing) -> Version {
            Version(Position(rawValue: position), in: history)
        }
        #expect(try replaced(.oneOf([version(2), version(3)])).written != nil)
        #expect(throws: Refusal.preconditionFailed) { try replaced(.oneOf([version(2)])) }
        // The position of another history says nothing of this one.
        #expect(throws: Refusal.preconditionFailed) { try replaced(.oneOf([version(3, in: History("other"))])) }
        #expect(throws: Refusal.preconditionFailed) { try replaced(.oneOf([])) }
    }

    @Test("what is missing or archived is not found")
    func notFound() {
        #expect(throws: Refusal.notFound) { try decided(.archiveProduct(.sugar, ifVersion: .any), state()) }
        #expect(throws: Refusal.notFound) {
            try decided(
                .replaceProduct(.sugar, Self.product.details, ifVersion: .any),
                state(.product(Self.product, isArchived: true)))
        }
    }

    @Test("what still has stock is not archived")
    func inUse() throws {
        let left = StockLeft([LevelKey(.one, .sugar)], hasMore: false)
        #expect(throws: Refusal.inUse(left)) {
            try decided(
                .archiveProduct(.sugar, ifVersion: .any),
                state(.product(Self.product, isArchived: false), stockLeft: left))
        }
        let archived = try decided(
            .archiveProduct(.sugar, ifVersion: .any), state(.product(Self.product, isArchived: false)))
        #expect(archived.written?.isArchived == true)
    }
}
