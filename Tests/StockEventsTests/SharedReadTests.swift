import Inventory
import InventoryTesting
import LedgerTesting
import SQLiteLedger
import StockEvents
import Synchronization
import Testing

@Suite("Many readers of changes")
struct SharedReadTests {
    /// A ledger, and how often it is read.
    private final class Counted: ChangeReading {
        let ledger: SQLiteLedger
        let reads = Atomic(0)
        let readers = Atomic(0)

        init(_ ledger: SQLiteLedger) { self.ledger = ledger }

        func heads(of scope: StoreScope) async throws(LedgerError) -> [LedgerHead] {
            reads.add(1, ordering: .relaxed)
            return try await ledger.heads(of: scope)
        }

        func changes(from keys: [EntryKey], limit: Int) async throws(LedgerError) -> Snapshot<[AuditEntry]> {
            reads.add(1, ordering: .relaxed)
            return try await ledger.changes(from: keys, limit: limit)
        }
    }

    @Test("a commit that wakes thousands costs few reads of the ledger")
    func herd() async throws {
        try await TestFile.with { file in
            try await file.withLedger { ledger in
                let context = CommandContext(actor: "key:test", requestID: "test")
                _ = try await ledger.change(.createStore(.one, name: "Shop"), context)
                _ = try await ledger.change(.createProduct(.sugar, ProductDetails(name: "Sugar")), context)
                let counted = Counted(ledger)
                let waiters = ChangeWaiters()
                let feed = ChangeFeed(ledger: counted, waiters: waiters)
                let cursor = try await feed.end(of: .only([.one]))
                try await withThrowingTaskGroup { group in
                    for _ in 0..<3_000 {
                        group.addTask {
                            counted.readers.add(1, ordering: .relaxed)
                            let page = try await feed.page(
                                after: cursor, of: .only([.one]), limit: 10, until: .now + .seconds(600))
                            #expect(page.events.count == 1)
                        }
                    }
                    while counted.readers.load(ordering: .relaxed) < 3_000 { await Task.yield() }
                    _ = try await ledger.record(.stockIn(1), context)
                    // Those that wait already; the others find the change themselves.
                    let heads = try await ledger.heads(of: .all)
                    let waking = Task {
                        while !Task.isCancelled {
                            waiters.wake(heads)
                            await Task.yield()
                        }
                    }
                    try await group.waitForAll()
                    waking.cancel()
                }
                #expect(counted.reads.load(ordering: .relaxed) < 600)
            }
        }
    }
}
