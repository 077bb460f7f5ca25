import Inventory
import InventoryTesting
import LedgerTesting
import ServerTesting
import Testing

@testable import SQLiteLedger

@Suite("Writing")
struct WritingTests {
    @Test("a command that the database cannot hold fails alone")
    func poisoned() async throws {
        try await TestFile.withShop { file in
            try await file.withLedger { ledger in
                // SQLite would cut the text off at the zero byte, and the audit log would not agree with the ledger.
                let recorded = await ledger.recordAtOnce(30) { $0 == 13 ? "poi\0son" : nil }
                #expect(recorded == Set(0..<30).subtracting([13]))
                #expect(try await ledger.onHand() == 29)
                _ = try await AuditVerification(ledger: ledger).verify(.one)
            }
        }
    }

    @Test("while the file is locked, only so many commands wait, and those are carried out")
    func overload() async throws {
        try await TestFile.withShop { file in
            var limits = LedgerFileLimits()
            limits.lockTimeout = .seconds(60)
            limits.write.linesWaiting = 10
            try await file.withLedger(limits: limits) { ledger in
                let refused = Counter()
                let outcomes = try await file.whileLocked {
                    let outcomes = (0..<40).map { _ in
                        Task {
                            do {
                                _ = try await ledger.record(.stockIn(1), .testing)
                                return true
                            } catch LedgerError.overloaded {
                                refused.increment()
                                return false
                            }
                        }
                    }
                    try await eventually("the queue is full") { refused.value >= 29 }
                    return outcomes
                }
                var accepted: Int64 = 0
                for outcome in outcomes where try await outcome.value { accepted += 1 }
                // Ten wait, and one may be on its way to the database.
                #expect((10...11).contains(accepted))
                #expect(try await ledger.onHand() == accepted)
            }
        }
    }

    @Test("what waited for a lock in vain is refused as overload, and readers are not held up")
    func locked() async throws {
        try await TestFile.withShop { file in
            var limits = LedgerFileLimits()
            limits.lockTimeout = .milliseconds(10)
            try await file.withLedger(limits: limits) { ledger in
                try await file.whileLocked {
                    await #expect {
                        try await ledger.record(.stockIn(1), .testing)
                    } throws: { error in
                        if case .overloaded? = error as? LedgerError { true } else { false }
                    }
                    let onHand = try await ledger.onHand()
                    #expect(onHand == 0)
                }
                let recorded = try await ledger.record(.stockIn(1), .testing).value
                #expect(recorded.onHand == 1)
            }
        }
    }

    @Test("cancelling a caller does not cancel its commit")
    func cancelled() async throws {
        try await TestFile.withShop { file in
            try await file.withLedger { ledger in
                let task = Task { try await ledger.record(.stockIn(1), .testing).value.onHand }
                task.cancel()
                let answered = try await task.value
                #expect(answered == 1)
                #expect(try await ledger.onHand() == 1)
            }
        }
    }

    @Test("what was accepted before the shutdown is committed and answered; then the ledger is unavailable")
    func shutdown() async throws {
        try await TestFile.withShop { file in
            let (ledger, answered) = try await file.withLedger { ledger in
                // Returned unfinished: the ledger shuts down around them.
                let tasks = (0..<200).map { _ in
                    Task { (try? await ledger.record(.stockIn(1), .testing)) != nil }
                }
                _ = try await ledger.record(.stockIn(1), .testing)
                return (ledger, tasks)
            }
            var recorded = 1
            for task in answered where await task.value { recorded += 1 }
            #expect(try file.texts("select on_hand from stock_levels") == ["\(recorded)"])

            for attempt: @Sendable () async throws -> Void in [
                { _ = try await ledger.record(.stockIn(1), .testing) },
                { _ = try await ledger.change(.createStore(nil, name: "Late"), .testing) },
                { _ = try await ledger.onHand() },
            ] {
                await #expect {
                    try await attempt()
                } throws: { error in
                    if case .unavailable? = error as? LedgerError { true } else { false }
                }
            }
        }
    }

    @Test("an idempotency record is kept until its time has come, and then deleted")
    func expiry() async throws {
        try await TestFile.withShop { file in
            let context = CommandContext(
                actor: "key:test", requestID: "test",
                idempotency: IdempotencyKey(
                    principal: "key:test", key: "k", fingerprint: [UInt8](repeating: 0, count: 32)))
            try await file.withLedger { ledger in
                _ = try await ledger.record(.stockIn(1), context)
                let deleted = try await ledger.expiredRecords.delete()
                let again = try await ledger.record(.stockIn(1), context)
                #expect(deleted == 0 && again.isReplay)
            }
            try file.execute("update idempotency set expires_at = expires_at - 26 * 3600000000")
            try await file.withLedger { ledger in
                let deleted = try await ledger.expiredRecords.delete()
                let again = try await ledger.record(.stockIn(1), context)
                #expect(deleted == 1 && !again.isReplay)
            }
        }
    }

    @Test("an idempotency record that is to be permanent has no time")
    func permanent() async throws {
        try await TestFile.withShop { file in
            let context = CommandContext(
                actor: "key:test", requestID: "test",
                idempotency: IdempotencyKey(
                    principal: "key:test", key: "k", fingerprint: [UInt8](repeating: 0, count: 32), isPermanent: true))
            try await file.withLedger { ledger in _ = try await ledger.record(.stockIn(1), context) }
            try file.execute("update idempotency set expires_at = expires_at - 26 * 3600000000")
            try await file.withLedger { ledger in
                let deleted = try await ledger.expiredRecords.delete()
                let again = try await ledger.record(.stockIn(1), context)
                #expect(deleted == 0 && again.isReplay)
            }
        }
    }
}
