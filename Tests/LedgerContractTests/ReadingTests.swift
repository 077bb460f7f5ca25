import Inventory
import InventoryTesting
import Testing

@Suite("Reading")
struct ReadingTests {
    @Test("stock comes in pages by product, filtered", arguments: LedgerUnderTest.allCases)
    func pages(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            for index in 1...25 {
                let id = ProductID(rawValue: Int64(1_000 + index))
                _ = try await ledger.change(
                    .createProduct(id, ProductDetails(name: "P", category: index % 2 == 0 ? "Even" : nil)), .testing())
                _ = try await ledger.record(.stockIn(Int64(index), LevelKey(.one, id)), .testing())
            }
            var query = StockQuery(storeID: .one, limit: 10)
            var found: [ProductID] = []
            var sizes: [Int] = []
            repeat {
                let page = try await ledger.stock(query, Freshness()).value
                found += page.items.map(\.productID)
                sizes.append(page.items.count)
                query.after = page.next
            } while query.after != nil
            #expect(found.map(\.rawValue) == Array(1_001...1_025) && sizes == [10, 10, 5])

            func onHand(_ query: StockQuery) async throws -> [Int64] {
                try await ledger.stock(query, Freshness()).value.items.map(\.onHand)
            }
            #expect(try await onHand(StockQuery(storeID: .one, below: 4)) == [1, 2, 3])
            #expect(try await onHand(StockQuery(storeID: .one, category: "Even", below: 6)) == [2, 4])
            #expect(try await onHand(StockQuery(storeID: .two)) == [])
            let last = try await ledger.stock(StockQuery(storeID: .one, limit: 25), Freshness()).value
            #expect(last.items.count == 25 && last.next == nil)
        }
    }

    @Test("stock is read as of any moment", arguments: LedgerUnderTest.allCases)
    func asOf(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            for (seconds, movement) in [
                (10, Movement.stockIn(5)), (20, .stockIn(7, LevelKey(.one, .rice))), (20, .sale(2)), (30, .sale(3)),
            ] {
                let moment = Timestamp(microseconds: Int64(seconds) * 1_000_000)
                _ = try await ledger.record(movement, .testing(recordedAt: moment))
            }
            func stock(_ seconds: Int64) async throws -> [Int64] {
                let moment = Timestamp(microseconds: seconds * 1_000_000)
                return try await ledger.stock(StockQuery(storeID: .one, asOf: moment), Freshness()).value.items
                    .map(\.onHand)
            }
            #expect(try await stock(9) == [])
            #expect(try await stock(10) == [5])
            #expect(try await stock(20) == [7, 3])
            #expect(try await stock(29) == [7, 3])
            #expect(try await stock(1_000) == [7, 0])
            try await ledger.expectSound()
        }
    }

    @Test("what is unknown is not found", arguments: LedgerUnderTest.allCases)
    func notFound(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            let nowhere = StoreID(rawValue: 9)
            func isNotFound(_ body: () async throws -> Void) async throws -> Bool {
                do {
                    try await body()
                    return false
                } catch LedgerError.notFound {
                    return true
                }
            }
            #expect(try await isNotFound { _ = try await ledger.stock(StockQuery(storeID: nowhere), Freshness()) })
            #expect(try await isNotFound { _ = try await ledger.level(LevelKey(nowhere, .sugar), Freshness()) })
            #expect(
                try await isNotFound {
                    _ = try await ledger.level(LevelKey(.one, ProductID(rawValue: 9)), Freshness())
                })
            #expect(try await isNotFound { _ = try await ledger.store(nowhere, Freshness()) })
            #expect(try await isNotFound { _ = try await ledger.store(.catalog, Freshness()) })
            #expect(try await isNotFound { _ = try await ledger.product(ProductID(rawValue: 9), Freshness()) })
            #expect(try await isNotFound { _ = try await ledger.entries(EntryQuery(storeID: nowhere), Freshness()) })
            #expect(try await isNotFound { _ = try await ledger.audit(AuditQuery(storeID: nowhere), Freshness()) })
            #expect(try await isNotFound { _ = try await ledger.report(ReportQuery(storeID: nowhere), Freshness()) })
            #expect(try await ledger.onHand(LevelKey(.one, .rice)) == 0)
            try await ledger.expectSound()
        }
    }

    @Test(
        "a position that is not reached is unavailable, never answered with less", arguments: LedgerUnderTest.allCases)
    func minimumPosition(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            let recorded = try await ledger.record(.stockIn(1), .testing()).value
            let read = try await ledger.level(.sugarInOne, Freshness(atLeast: LedgerPoint(recorded.position)))
            #expect(read.position == recorded.position)
            await #expect {
                try await ledger.level(.sugarInOne, Freshness(atLeast: LedgerPoint(recorded.position.next)))
            } throws: { error in
                if case .positionUnavailable? = error as? LedgerError { true } else { false }
            }
        }
    }

    @Test(
        "the ledger and the audit log are listed by store and position, filtered", arguments: LedgerUnderTest.allCases)
    func history(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            let steps: [(Int64, Movement, String)] = [
                (10, .stockIn(9), "key:a"), (20, .stockIn(9, .sugarInTwo), "key:b"), (20, .sale(1), "key:b"),
                (30, .stockIn(4, LevelKey(.one, .rice)), "key:a"), (40, .sale(2), "key:a"),
            ]
            for (seconds, movement, actor) in steps {
                _ = try await ledger.record(
                    movement, .testing(actor: actor, recordedAt: Timestamp(microseconds: seconds * 1_000_000)))
            }
            func keys(_ query: EntryQuery) async throws -> [String] {
                try await ledger.entries(query, Freshness()).value.items.map { "\($0.storeID)-\($0.position)" }
            }
            #expect(try await keys(EntryQuery()) == ["1-1", "1-2", "1-3", "1-4", "2-1"])
            #expect(
                try await keys(EntryQuery(after: EntryKey(storeID: .one, position: Position(rawValue: 3))))
                    == ["1-4", "2-1"])
            #expect(try await keys(EntryQuery(productID: .rice)) == ["1-3"])
            #expect(try await keys(EntryQuery(storeID: .one, type: .sale)) == ["1-2", "1-4"])
            let period = Period(
                from: Timestamp(microseconds: 20_000_000), to: Timestamp(microseconds: 40_000_000))
            #expect(try await keys(EntryQuery(period: period)) == ["1-2", "1-3", "2-1"])

            func audited(_ query: AuditQuery) async throws -> [String] {
                try await ledger.audit(query, Freshness()).value.items.map { "\($0.storeID)-\($0.position)" }
            }
            #expect(try await audited(AuditQuery(actor: "key:b")) == ["1-2", "2-1"])
            #expect(try await audited(AuditQuery(storeID: .catalog, action: .storeCreated)) == ["0-1", "0-2"])
            #expect(try await audited(AuditQuery(period: period)) == ["1-2", "1-3", "2-1"])
            let page = try await ledger.audit(AuditQuery(limit: 5), Freshness()).value
            #expect(page.items.count == 5 && page.next == EntryKey(storeID: .one, position: Position(rawValue: 1)))
        }
    }
}
