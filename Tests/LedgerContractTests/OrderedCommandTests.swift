import Inventory
import InventoryTesting
import LedgerTesting
import Synchronization
import Testing

@Suite("Commands in order")
struct OrderedCommandTests {
    @Test(
        "commands of stores are committed in order, those of several stores in between",
        arguments: StorageUnderTest.allCases)
    func order(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            let sequence = CommandSequence()
            // Each finds just what those before it left.
            var changes: [MovementCommand.Change] = []
            for _ in 0..<20 {
                changes += [
                    .movement(.stockIn(3)), .movement(.sale(1)), .transfer(.sugar(2)), .movement(.sale(2, .sugarInTwo)),
                ]
            }
            let receipts = await ledger.execute(changes.map { MovementCommand($0, .testing()) }, in: sequence)
            #expect(receipts.allSatisfy { if case .success = $0 { true } else { false } })
            let left = (try await ledger.onHand(.sugarInOne), try await ledger.onHand(.sugarInTwo))
            #expect(left == (0, 0))
        }
    }

    @Test("a refusal is recorded where the context asks for it, and repeated", arguments: StorageUnderTest.allCases)
    func refusals(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            let sale = MovementCommand(.movement(.sale(5)), .recordingRefusals(key: "sale"))
            let batch = MovementCommand(
                .batch(Batch([.sale(5)], isAtomic: false)), .recordingRefusals(key: "batch"))
            let invalid = Refusal.invalid(
                InvalidRequest(code: "invalid-body", detail: "…", parameter: nil, fields: []))
            let refused = MovementCommand.refused(invalid, .recordingRefusals(key: "invalid"))
            let first = await ledger.execute([sale, batch, refused])
            _ = try await ledger.record(.stockIn(9), .testing())
            let again = await ledger.execute([sale, batch, refused])
            for results in [first, again] {
                #expect(results[0].refusal == .insufficientStock(onHand: 0, requested: 5))
                #expect(
                    try results[1].get().batchReceipt().value.lines
                        == [.refused(.insufficientStock(onHand: 0, requested: 5))])
                #expect(results[2].refusal == invalid)
            }
            #expect(try again[1].get().isReplay)
            // Also to those who do not ask for it.
            #expect(
                try await refusal { _ = try await ledger.record(.sale(5), .testing(key: "sale")) }
                    == .insufficientStock(onHand: 0, requested: 5))
            let key = try #require(sale.context.idempotency)
            #expect(
                try await refusal { _ = try await ledger.replay(of: key) }
                    == .insufficientStock(onHand: 0, requested: 5))
            #expect(
                try await refusal { _ = try await ledger.record(.sale(5), .testing(key: "sale", request: 1)) }
                    == .idempotencyKeyReused)
            #expect(try await ledger.onHand(.sugarInOne) == 9)
        }
    }

    @Test(
        "what was executed under a key is repeated, even if it would be refused now",
        arguments: StorageUnderTest.allCases)
    func executedBefore(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            let recorded = try await ledger.record(.stockIn(4), .testing(key: "k")).value
            let late = MovementCommand.refused(.notFound, .recordingRefusals(key: "k"))
            let results = await ledger.execute([late])
            let receipt = try results[0].get()
            #expect(try receipt.movementReceipt().value == recorded && receipt.isReplay)
        }
    }
}

extension CommandContext {
    fileprivate static func recordingRefusals(key: String) -> CommandContext {
        var context = testing(key: key)
        context.recordsRefusals = true
        return context
    }
}

extension OrderedWriting {
    /// Enqueues all, and waits for all.
    fileprivate func execute(
        _ commands: [MovementCommand], in sequence: CommandSequence = CommandSequence()
    ) async -> [Result<Receipt<Outcome>, LedgerError>] {
        let (results, continuation) = AsyncStream.makeStream(of: (Int, Result<Receipt<Outcome>, LedgerError>).self)
        for (index, command) in commands.enumerated() {
            await enqueue(command, in: sequence) { continuation.yield((index, $0)) }
        }
        var found: [Int: Result<Receipt<Outcome>, LedgerError>] = [:]
        for await (index, result) in results {
            found[index] = result
            if found.count == commands.count { break }
        }
        return commands.indices.compactMap { found[$0] }
    }
}

extension Result<Receipt<Outcome>, LedgerError> {
    fileprivate var refusal: Refusal? { if case .failure(.refused(let refusal)) = self { refusal } else { nil } }
}
