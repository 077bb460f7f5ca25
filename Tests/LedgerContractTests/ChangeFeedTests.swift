import Inventory
import InventoryTesting
import StockEvents
import Testing

/// Not of a server: there clients follow changes over HTTP.
@Suite("Changes")
struct ChangeFeedTests {
    @Test(
        "are followed without gaps, in order and once, while others write",
        arguments: StorageUnderTest.allCases, [1, 7, 1_000])
    func complete(storage: StorageUnderTest, limit: Int) async throws {
        try await storage.with { ledger in
            let feed = ChangeFeed(ledger: ledger, waiters: ChangeWaiters())
            let writes = 40
            try await withThrowingTaskGroup { group in
                for level in [LevelKey.sugarInOne, .sugarInTwo] {
                    group.addTask {
                        for _ in 0..<writes { _ = try await ledger.record(.stockIn(1, level), .testing()) }
                    }
                }
                var cursor = ChangeCursor()
                var followed: [ChangeEvent] = []
                // Four changes made the stores and products.
                while followed.count < 2 * writes + 4 {
                    let page = try await feed.page(after: cursor, of: .all, limit: limit, until: .now)
                    followed += page.events
                    // As a client has it.
                    cursor = try #require(ChangeCursor(page.cursor.text))
                }
                try await group.waitForAll()
                let none = try await feed.page(after: cursor, of: .all, limit: limit, until: .now)
                #expect(none.events.isEmpty && none.cursor.text == cursor.text)
                for (store, count) in [(StoreID.catalog, 4), (.one, writes), (.two, writes)] {
                    let positions = followed.filter { $0.storeID == store }.map(\.position.rawValue)
                    #expect(positions == (1...Int64(count)).map(\.self), "store \(store)")
                }
                #expect(Set(followed.map { "\($0.storeID) \($0.id)" }).count == followed.count)
            }
        }
    }

    @Test("a busy store does not hold up the others", arguments: StorageUnderTest.allCases)
    func fairness(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            let feed = ChangeFeed(ledger: ledger, waiters: ChangeWaiters())
            var cursor = try await feed.end(of: .all)
            _ = try await ledger.record(.stockIn(1, .sugarInTwo), .testing())
            // One event at a time, and store 1 always has another.
            var served: [StoreID] = []
            for _ in 0..<3 {
                for _ in 0..<2 { _ = try await ledger.record(.stockIn(1, .sugarInOne), .testing()) }
                let page = try await feed.page(after: cursor, of: .all, limit: 1, until: .now)
                served += page.events.map(\.storeID)
                cursor = page.cursor
            }
            #expect(served == [.one, .two, .one])
        }
    }

    @Test("are those of the ledgers in scope, archived ones included", arguments: StorageUnderTest.allCases)
    func scope(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            let feed = ChangeFeed(ledger: ledger, waiters: ChangeWaiters())
            _ = try await ledger.record(.stockIn(1, .sugarInOne), .testing())
            _ = try await ledger.record(Transfer.sugar(1), .testing())
            _ = try await ledger.record(.sale(1, .sugarInTwo), .testing())
            _ = try await ledger.change(.archiveStore(.two, ifVersion: .any), .testing())
            let page = try await feed.page(after: ChangeCursor(), of: .only([.two]), limit: 10, until: .now)
            #expect(page.events.map(\.storeID) == [.two, .two])
            #expect(page.events.map(\.type) == ["khata.stock.transferred.v1", "khata.stock.moved.v1"])
            let catalog = try await feed.page(after: ChangeCursor(), of: .only([.catalog]), limit: 10, until: .now)
            #expect(catalog.events.last?.type == "khata.store.archived.v1")
            await #expect {
                _ = try await feed.end(of: .only([StoreID(rawValue: 9)]))
            } throws: { error in
                if case LedgerError.notFound = error { true } else { false }
            }
        }
    }

    @Test("a change of another process reaches who waits", arguments: StorageUnderTest.allCases)
    func looks(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            let feed = ChangeFeed(ledger: ledger, waiters: ChangeWaiters(), interval: .milliseconds(5))
            let cursor = try await feed.end(of: .only([.one]))
            try await withThrowingTaskGroup { group in
                group.addTask { await feed.run() }
                async let page = feed.page(after: cursor, of: .only([.one]), limit: 10, until: .now + .seconds(60))
                _ = try await ledger.record(.stockIn(3), .testing())
                #expect(try await page.events.map(\.position.rawValue) == [1])
                // Nothing comes, and the wait ends.
                let none = try await feed.page(
                    after: await (try page).cursor, of: .only([.one]), limit: 10, until: .now + .milliseconds(20))
                #expect(none.events.isEmpty)
                group.cancelAll()
            }
        }
    }

    @Test("who waits for a store that does not exist yet gets its first change", arguments: StorageUnderTest.allCases)
    func newStore(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            let feed = ChangeFeed(ledger: ledger, waiters: ChangeWaiters(), interval: .milliseconds(5))
            let (new, scope) = (StoreID(rawValue: 3), StoreScope.only([.one, StoreID(rawValue: 3)]))
            let cursor = try await feed.end(of: scope)
            try await withThrowingTaskGroup { group in
                group.addTask { await feed.run() }
                async let page = feed.page(after: cursor, of: scope, limit: 10, until: .now + .seconds(600))
                _ = try await ledger.change(.createStore(new, name: "Third"), .testing())
                _ = try await ledger.record(.stockIn(1, LevelKey(new, .sugar)), .testing())
                #expect(try await page.events.map(\.storeID) == [new])
                group.cancelAll()
            }
        }
    }

    @Test("more ledgers than a cursor holds are refused", arguments: StorageUnderTest.allCases)
    func tooMany(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            for _ in 0..<ChangeCursor.maximumLedgers {
                _ = try await ledger.change(.createStore(nil, name: "Shop"), .testing())
            }
            let feed = ChangeFeed(ledger: ledger, waiters: ChangeWaiters())
            await #expect(throws: TooManyLedgers.self) { _ = try await feed.end(of: .all) }
            _ = try await feed.end(of: .only([.one, .two]))
        }
    }
}
