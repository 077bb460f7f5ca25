import Inventory
import InventoryTesting
import LedgerTesting
import PostgresLedger
import Testing

@Suite("Commands that share a transaction")
struct SharedTransactionTests {
    @Test("what recorded nothing leaves no record of its key, whatever the others recorded")
    func keys() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger { ledger in
                let key = IdempotencyKey(principal: "key:test", key: "k", fingerprint: [7])
                let context = CommandContext(actor: "key:test", requestID: "test", idempotency: key)
                let tasks = try await database.whileStoreIsLocked {
                    // The first of them waits for the lock alone, the others for the first.
                    let first = Task { _ = try await ledger.record(.stockIn(1), .testing) }
                    let refused = Task { _ = try await ledger.record(Batch([.sale(500)], isAtomic: false), context) }
                    return [first, refused]
                        + (0..<10).map { _ in Task { _ = try await ledger.record(.stockIn(1), .testing) } }
                }
                for task in tasks { try await task.value }
                #expect(try await ledger.onHand(.sugarInOne) == 11)
                #expect(try await database.integers("select count(*) from idempotency") == [0])
            }
        }
    }
}
