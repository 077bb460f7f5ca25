import Inventory
import InventoryTesting
import Testing

@Suite("Reports")
struct ReportTests {
    private static let day: Int64 = 86_400_000_000

    /// Sugar: 10 in on day 0, 3 sold on day 1, 4 to store 2 on day 2, 1 removed there on day 3. Rice: 5 in on day 3.
    private func with(_ ledger: LedgerUnderTest, _ body: @Sendable (any AnyLedger) async throws -> Void) async throws {
        try await ledger.with { ledger in
            func at(_ day: Int64) -> CommandContext {
                .testing(recordedAt: Timestamp(microseconds: day * Self.day + 3_600_000_000))
            }
            _ = try await ledger.record(.stockIn(10), at(0))
            _ = try await ledger.record(.sale(3), at(1))
            _ = try await ledger.record(.sugar(4), at(2))
            _ = try await ledger.record(.of(.manualRemoval, 1, .sugarInTwo), at(3))
            _ = try await ledger.record(.stockIn(5, LevelKey(.one, .rice)), at(3))
            try await body(ledger)
        }
    }

    private func rows(_ ledger: any AnyLedger, _ query: ReportQuery) async throws -> [ReportRow] {
        try await ledger.report(query, Freshness()).value.items
    }

    private func period(_ from: Int64?, _ to: Int64?) -> Period {
        Period(
            from: from.map { Timestamp(microseconds: $0 * Self.day) },
            to: to.map { Timestamp(microseconds: $0 * Self.day) })
    }

    @Test("by product over all stores", arguments: LedgerUnderTest.allCases)
    func byProduct(ledger: LedgerUnderTest) async throws {
        try await with(ledger) { ledger in
            let rows = try await rows(ledger, ReportQuery(period: period(1, 3)))
            #expect(rows.map(\.key.productID) == [.sugar])
            let sugar = try #require(rows.first)
            #expect(sugar.opening == 10 && sugar.sold == 3 && sugar.closing == 7)
            #expect(sugar.transferredIn == 4 && sugar.transferredOut == 4 && sugar.stockIn == 0 && sugar.removed == 0)

            let all = try await self.rows(ledger, ReportQuery())
            #expect(all.map(\.opening) == [0, 0] && all.map(\.closing) == [5, 6])
        }
    }

    @Test("what did not move in the period is there with its stock", arguments: LedgerUnderTest.allCases)
    func unmoved(ledger: LedgerUnderTest) async throws {
        try await with(ledger) { ledger in
            let rows = try await rows(ledger, ReportQuery(storeID: .one, period: period(10, 11)))
            #expect(rows.map(\.opening) == [5, 3] && rows.map(\.closing) == [5, 3])
        }
    }

    @Test("by store, and for one store", arguments: LedgerUnderTest.allCases)
    func byStore(ledger: LedgerUnderTest) async throws {
        try await with(ledger) { ledger in
            let query = ReportQuery(productID: .sugar, period: period(2, 4), grouping: .store)
            let rows = try await rows(ledger, query)
            #expect(rows.map(\.key.group) == [1, 2])
            #expect(rows.map(\.opening) == [7, 0] && rows.map(\.closing) == [3, 3])
            var one = query
            one.storeID = .two
            #expect(try await self.rows(ledger, one).map(\.removed) == [1])
        }
    }

    @Test("by day: each opens with what the day before closed with", arguments: LedgerUnderTest.allCases)
    func byDay(ledger: LedgerUnderTest) async throws {
        try await with(ledger) { ledger in
            let rows = try await rows(ledger, ReportQuery(productID: .sugar, period: period(1, nil), grouping: .day))
            #expect(rows.map { $0.key.group / Self.day } == [1, 2, 3])
            #expect(rows.map(\.opening) == [10, 7, 7] && rows.map(\.closing) == [7, 7, 6])
        }
    }

    @Test("pages follow one another without gaps", arguments: LedgerUnderTest.allCases)
    func pages(ledger: LedgerUnderTest) async throws {
        try await with(ledger) { ledger in
            for grouping in ReportQuery.Grouping.allCases {
                let whole = try await rows(ledger, ReportQuery(grouping: grouping))
                var paged: [ReportRow] = []
                var query = ReportQuery(grouping: grouping, limit: 1)
                repeat {
                    let page = try await ledger.report(query, Freshness()).value
                    paged += page.items
                    query.after = page.next
                } while query.after != nil
                #expect(paged == whole)
                #expect(whole.count > 1)
            }
        }
    }
}
