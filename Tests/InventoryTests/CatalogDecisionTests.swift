import Testing

@testable import Inventory

@Suite("Decisions on the catalog")
struct CatalogDecisionTests {
    private static let product = Product(
        id: .sugar, details: ProductDetails(sku: "S1", name: "Sugar 1kg"), position: Position(rawValue: 3))

    private func state(
        _ subject: CatalogState.Subject = .missing, skuHolder: ProductID? = nil, highestID: Int64 = 0,
        stockLeft: LevelKey? = nil
    ) -> CatalogState {
        CatalogState(
            now: Timestamp(microseconds: 1),
            head: LedgerHead(
                storeID: .catalog, position: Position(rawValue: 7), hash: .origin, recordedAt: .earliest),
            subject: subject, skuHolder: skuHolder, highestID: highestID, stockLeft: stockLeft, receipt: nil)
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

    @Test("no id is left after the largest")
    func exhausted() {
        #expect(throws: Refusal.idsExhausted) {
            try decided(.createStore(nil, name: "A"), state(highestID: largestJSONInteger))
        }
    }

    @Test("a replacement keeps its own SKU, and needs the version that it names")
    func replace() throws {
        let current = state(.product(Self.product, isArchived: false), skuHolder: .sugar)
        func replaced(_ condition: VersionCondition) throws(Refusal) -> CatalogDecision {
            try decided(.replaceProduct(.sugar, Self.product.details, ifVersion: condition), current)
        }
        #expect(try replaced(.any).written != nil)
        #expect(try replaced(.oneOf([Position(rawValue: 2), Position(rawValue: 3)])).written != nil)
        #expect(throws: Refusal.preconditionFailed) { try replaced(.oneOf([Position(rawValue: 2)])) }
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
        let left = LevelKey(.one, .sugar)
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
