import Inventory
import InventoryTesting
import Testing

/// Not of a server: there the program itself delivers.
@Suite("Subscriptions")
struct SubscriptionTests {
    private static let minute = Duration.seconds(60)

    @Test("begin at the ledgers' ends, or at their beginnings, once", arguments: StorageUnderTest.allCases)
    func creation(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            _ = try await ledger.record(.stockIn(1, .sugarInOne), .testing())
            let (new, old) = (SubscriptionID("new"), SubscriptionID("old"))
            try await ledger.createSubscription(new, from: .end)
            try await ledger.createSubscription(old, from: .beginning)
            let ends = try await ledger.heads(of: .all).map {
                SubscriptionCursor(storeID: $0.storeID, position: $0.position, hash: $0.hash)
            }
            #expect(ends.contains { $0.storeID == .one && $0.position.rawValue == 1 })
            #expect(try await Set(ledger.cursors(of: new)) == Set(ends))
            #expect(try await ledger.cursors(of: old).isEmpty)

            _ = try await ledger.record(.stockIn(1, .sugarInOne), .testing())
            for id in [new, old] { try await ledger.createSubscription(id, from: .end) }
            #expect(try await Set(ledger.cursors(of: new)) == Set(ends))
            #expect(try await ledger.cursors(of: old).isEmpty)
        }
    }

    @Test("have one holder at a time", arguments: StorageUnderTest.allCases)
    func holding(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            let id = SubscriptionID("s")
            await #expect(throws: LedgerError.self) { try await ledger.holdSubscription(id, as: "a", for: Self.minute) }
            try await ledger.createSubscription(id, from: .end)
            let holders = try await withThrowingTaskGroup { group in
                for holder in 0..<8 {
                    group.addTask { try await ledger.holdSubscription(id, as: "\(holder)", for: Self.minute) }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(holders == 1)
            for holder in 0..<8 { try await ledger.releaseSubscription(id, heldBy: "\(holder)") }
            #expect(try await ledger.holdSubscription(id, as: "a", for: Self.minute))
            #expect(try await ledger.holdSubscription(id, as: "a", for: Self.minute))
            for duration in [Self.minute, .milliseconds(1)] {
                #expect(try await !ledger.holdSubscription(id, as: "b", for: duration))
            }
            try await ledger.releaseSubscription(id, heldBy: "b")
            #expect(try await !ledger.holdSubscription(id, as: "b", for: Self.minute))
        }
    }

    @Test("are taken over when the holder's time is over", arguments: StorageUnderTest.allCases)
    func takeover(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            let id = SubscriptionID("s")
            try await ledger.createSubscription(id, from: .end)
            #expect(try await ledger.holdSubscription(id, as: "a", for: .milliseconds(1)))
            while try await !ledger.holdSubscription(id, as: "b", for: Self.minute) {}
            #expect(try await !ledger.holdSubscription(id, as: "a", for: Self.minute))

            // As if the clock had been set back by two hours.
            let back = SubscriptionID("back")
            try await ledger.createSubscription(back, from: .end)
            #expect(try await ledger.holdSubscription(back, as: "a", for: .seconds(7_200)))
            #expect(try await ledger.holdSubscription(back, as: "b", for: Self.minute))
        }
    }

    @Test("advance as their holder says, and as nobody else does", arguments: StorageUnderTest.allCases)
    func advancing(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            let id = SubscriptionID("s")
            try await ledger.createSubscription(id, from: .beginning)
            try await ledger.createSubscription(SubscriptionID("other"), from: .beginning)
            for level in [LevelKey.sugarInOne, .sugarInTwo] {
                for _ in 0..<9 { _ = try await ledger.record(.stockIn(1, level), .testing()) }
            }
            var entries: [StoreID: [AuditEntry]] = [:]
            for store in [StoreID.one, .two] {
                let start = EntryKey(storeID: store, position: Position(rawValue: 1))
                entries[store] = try await ledger.changes(from: [start], limit: 9).value
            }
            func cursors(_ positions: [Int]) throws -> [SubscriptionCursor] {
                try zip([StoreID.one, .two], positions).map { store, position in
                    let entry = try #require(entries[store]?[position - 1])
                    return SubscriptionCursor(storeID: store, position: entry.position, hash: entry.hash)
                }
            }
            let (first, next) = (try cursors([1, 1]), try cursors([7, 2]))
            await Self.expectRefused { try await ledger.advanceSubscription(id, to: first, heldBy: "a") }
            #expect(try await ledger.holdSubscription(id, as: "a", for: Self.minute))
            for cursors in [first, next, []] {
                try await ledger.advanceSubscription(id, to: cursors, heldBy: "a")
            }
            let others = try cursors([9, 9])
            await Self.expectRefused { try await ledger.advanceSubscription(id, to: others, heldBy: "b") }
            #expect(try await Set(ledger.cursors(of: id)) == Set(next))
            // Back, too: an operator may want events again.
            let back = try cursors([3])
            try await ledger.advanceSubscription(id, to: back, heldBy: "a")
            let last = back + next.suffix(1)
            #expect(try await Set(ledger.cursors(of: id)) == Set(last))

            // As after a failover, which lost an entry that had been delivered.
            let lost = SubscriptionCursor(
                storeID: .one, position: Position(rawValue: 5), hash: try #require(entries[.one]?[5].hash))
            do {
                try await ledger.advanceSubscription(id, to: [lost], heldBy: "a")
                Issue.record("a cursor of another history was stored")
            } catch LedgerError.historyChanged {
                #expect(try await Set(ledger.cursors(of: id)) == Set(last))
            }
            #expect(try await ledger.cursors(of: SubscriptionID("other")).isEmpty)
        }
    }

    private static func expectRefused(_ body: () async throws -> Void) async {
        do {
            try await body()
            Issue.record("it was not refused")
        } catch LedgerError.refused(.preconditionFailed) {
        } catch {
            Issue.record("\(error)")
        }
    }
}
