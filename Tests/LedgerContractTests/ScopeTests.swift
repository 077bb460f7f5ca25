import Access
import Inventory
import InventoryTesting
import Testing

/// Not of a server: there the scope is that of the key.
@Suite("Scopes")
struct ScopeTests {
    /// Both stores have had sugar; the catalog's ledger has what made them and the products.
    private func with(_ storage: StorageUnderTest, _ body: @Sendable (any AnyLedger) async throws -> Void) async throws
    {
        try await storage.with { ledger in
            _ = try await ledger.record(.stockIn(1, .sugarInOne), .testing())
            _ = try await ledger.record(.stockIn(2, .sugarInTwo), .testing())
            try await body(ledger)
        }
    }

    @Test("lists have what is in scope, and nothing of others or of the catalog", arguments: StorageUnderTest.allCases)
    func lists(storage: StorageUnderTest) async throws {
        try await with(storage) { ledger in
            for own in [StoreID.one, .two] {
                let scope = StoreScope.only([own, StoreID(rawValue: 999)])
                let stores = try await ledger.stores(StoreQuery(scope: scope), Freshness()).value
                #expect(stores.items.map(\.id) == [own])
                let entries = try await ledger.entries(EntryQuery(scope: scope), Freshness()).value
                #expect(entries.items.map(\.storeID) == [own])
                let audit = try await ledger.audit(AuditQuery(scope: scope), Freshness()).value
                #expect(audit.items.map(\.storeID) == [own])
                for grouping in ReportQuery.Grouping.allCases {
                    let query = ReportQuery(scope: scope, grouping: grouping)
                    let report = try await ledger.report(query, Freshness()).value
                    #expect(report.items.map(\.stockIn) == [own.rawValue], "\(grouping)")
                }
            }
        }
    }

    @Test("products are not a limited principal's to change", arguments: StorageUnderTest.allCases)
    func catalog(storage: StorageUnderTest) async throws {
        try await with(storage) { ledger in
            let scoped = ScopedLedger(ledger, scope: .only([.one, .two]))
            let before = try await ledger.products(ProductQuery(), Freshness()).value.items
            for change in [
                CatalogChange.createProduct(nil, ProductDetails(name: "Tea")), .addProduct(named: "Tea"),
                .replaceProduct(.sugar, ProductDetails(name: "Salt"), ifVersion: .any),
                .archiveProduct(.sugar, ifVersion: .any), .createStore(nil, name: "Mine"),
            ] {
                await #expect("\(change)") {
                    _ = try await scoped.change(change, .testing())
                } throws: { error in
                    if case LedgerError.notFound = error { true } else { false }
                }
            }
            #expect(try await ledger.products(ProductQuery(), Freshness()).value.items == before)
        }
    }

    @Test("an empty scope has nothing, and one of all has everything", arguments: StorageUnderTest.allCases)
    func ends(storage: StorageUnderTest) async throws {
        try await with(storage) { ledger in
            for (scope, count) in [(StoreScope.only([]), 0), (.all, 2)] {
                let stores = try await ledger.stores(StoreQuery(scope: scope), Freshness()).value.items
                let entries = try await ledger.entries(EntryQuery(scope: scope), Freshness()).value.items
                let audit = try await ledger.audit(AuditQuery(scope: scope), Freshness()).value.items
                let report = try await ledger.report(
                    ReportQuery(scope: scope, grouping: .store), Freshness()
                ).value.items
                #expect(stores.count == count && entries.count == count && report.count == count)
                #expect(audit.isEmpty == (count == 0) && audit.contains { $0.storeID == .catalog } == (count > 0))
            }
        }
    }
}
