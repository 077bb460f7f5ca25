import Foundation
import Inventory
import InventoryTesting
import LedgerTesting
import SQLiteLedger
import StockEvents
import Testing

@Suite("A ledger that lost what a reader has seen")
struct LostHistoryTests {
    /// Lends the file as it was after three movements, and where readers stood two movements later; meanwhile, two others
    /// took the positions.
    private func withRestored(
        _ body: @Sendable (ChangeFeed, _ seen: [ChangeEvent], _ all: ChangeCursor) async throws -> Void
    ) async throws {
        try await TestFile.with { file in
            try await file.withLedger { ledger in
                _ = try await ledger.change(.createStore(.one, name: "Shop"), .new)
                _ = try await ledger.change(.createProduct(.sugar, ProductDetails(name: "Sugar")), .new)
                for _ in 0..<3 { _ = try await ledger.record(.stockIn(1), .new) }
            }
            let backup = try Data(contentsOf: URL(filePath: file.path))
            let (seen, all) = try await file.withLedger { ledger in
                for _ in 0..<2 { _ = try await ledger.record(.stockIn(1), .new) }
                let feed = ChangeFeed(ledger: ledger, waiters: ChangeWaiters())
                let page = try await feed.page(after: ChangeCursor(), of: .only([.one]), limit: 10, until: .now)
                return (page.events, try await feed.end(of: .all))
            }
            try backup.write(to: URL(filePath: file.path))
            try await file.withLedger { ledger in
                let feed = ChangeFeed(ledger: ledger, waiters: ChangeWaiters())
                // Fewer positions than the readers have seen.
                await expectLost { _ = try await feed.next(after: all, of: .all) }
                for units in 1...2 as ClosedRange<Int64> { _ = try await ledger.record(.stockIn(units), .new) }
                // As many.
                await expectLost { _ = try await feed.next(after: all, of: .all) }
                _ = try await ledger.record(.stockIn(7), .new)
                try await body(feed, seen, all)
            }
        }
    }

    @Test("is told to readers of one store who name the event, and who have seen more than there is")
    func oneStore() async throws {
        try await withRestored { feed, seen, _ in
            #expect(seen.map(\.position.rawValue) == [1, 2, 3, 4, 5])
            #expect(seen.map(\.previousID) == [nil] + seen.dropLast().map(\.id))
            let scope = StoreScope.only([.one])
            for event in seen {
                let cursor = try #require(ChangeCursor(event.id, of: .one))
                if event.position.rawValue > 3 {
                    await expectLost { _ = try await feed.next(after: cursor, of: scope) }
                } else {
                    let page = try await feed.next(after: cursor, of: scope)
                    #expect(page.events.first?.position == event.position.next)
                    #expect(page.events.last?.position.rawValue == 6)
                }
            }
            let ahead = try #require(ChangeCursor("7", of: .one))
            await expectLost { _ = try await feed.next(after: ahead, of: scope) }
            // A position alone names no entry.
            let position = try #require(ChangeCursor("5", of: .one))
            let next = try await feed.next(after: position, of: scope).events
            #expect(next.map(\.position.rawValue) == [6])
            // Whoever has the lost one sees that this does not follow it.
            #expect(next[0].previousID?.hasPrefix("5-") == true && next[0].previousID != seen[4].id)
        }
    }

    @Test("is told to readers of several stores")
    func severalStores() async throws {
        try await withRestored { feed, _, all in
            await expectLost { _ = try await feed.next(after: all, of: .all) }
            let text = try #require(ChangeCursor(all.text))
            await expectLost { _ = try await feed.next(after: text, of: .all) }
            // A store that the ledger does not have.
            let other = try #require(ChangeCursor("~9.1.00000000"))
            await expectLost { _ = try await feed.next(after: other, of: .all) }
        }
    }

    @Test("an entry that was changed behind the ledger's back is not passed on")
    func damaged() async throws {
        try await TestFile.with { file in
            try await file.withLedger { ledger in
                _ = try await ledger.change(.createStore(.one, name: "Shop"), .new)
                _ = try await ledger.change(.createProduct(.sugar, ProductDetails(name: "Sugar")), .new)
                for _ in 0..<3 { _ = try await ledger.record(.stockIn(1), .new) }
            }
            try file.execute(
                """
                drop trigger if exists audit_log_update;
                pragma writable_schema = on; delete from sqlite_schema where type = 'trigger'; pragma writable_schema = off;
                """)
            try file.execute(
                "update audit_log set detail = replace(detail, '\"quantity\":1', '\"quantity\":9') where position = 2")
            try await file.withLedger(.asItIs) { ledger in
                let feed = ChangeFeed(ledger: ledger, waiters: ChangeWaiters())
                await #expect {
                    _ = try await feed.next(after: ChangeCursor(), of: .only([.one]))
                } throws: { error in
                    if case LedgerError.internalFailure = error { true } else { false }
                }
            }
        }
    }
}

private func expectLost(_ body: () async throws -> Void) async {
    await #expect {
        try await body()
    } throws: { error in
        if case LedgerError.historyChanged = error { true } else { false }
    }
}

extension ChangeFeed {
    func next(after cursor: ChangeCursor, of scope: StoreScope) async throws -> ChangePage {
        try await page(after: cursor, of: scope, limit: 10, until: .now)
    }
}

extension CommandContext {
    fileprivate static var new: CommandContext { CommandContext(actor: "key:test", requestID: "test") }
}
