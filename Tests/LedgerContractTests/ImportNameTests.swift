import Inventory
import InventoryTesting
import Testing

@Suite("What imports call their rows")
struct ImportNameTests {
    private static let file = String(repeating: "0123456789abcdef", count: 4)
    private static let names: [ImportName] = [
        .part(file: file, line: 2, storeID: .one), .line(file: file, line: 7), .row(externalID: "چائے \"1\""),
    ]

    @Test(
        "stand for the same whoever asks, so that it is recorded once", arguments: LedgerUnderTest.allCases, names)
    func once(ledger: LedgerUnderTest, name: ImportName) async throws {
        try await ledger.with { ledger in
            let movement = Movement.stockIn(5)
            var receipts: [Receipt<RecordedMovement>] = []
            // Two principals, of whom one has the same key for something else.
            for actor in ["key:test", "key:other"] {
                receipts.append(try await ledger.record(movement, .importing(movement, as: name, actor: actor)))
            }
            #expect(receipts.map(\.isReplay) == [false, true])
            #expect(receipts[0].value == receipts[1].value)
            _ = try await ledger.record(movement, .testing(key: "external-A1"))
            #expect(try await ledger.onHand(.sugarInOne) == 10)
            try await ledger.expectSound([.one])
        }
    }

    @Test("of an external id, does not stand for other contents", arguments: LedgerUnderTest.allCases)
    func otherContents(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            let name = ImportName.row(externalID: "A1")
            _ = try await ledger.record(.stockIn(5), .importing(.stockIn(5), as: name))
            for other in [Movement.stockIn(6), .stockIn(5, .sugarInTwo)] {
                #expect(
                    try await refusal { _ = try await ledger.record(other, .importing(other, as: name)) }
                        == .idempotencyKeyReused)
            }
            #expect(try await ledger.onHand(.sugarInOne) == 5)
        }
    }

    @Test("of a part, stands for it whichever of its rows come", arguments: LedgerUnderTest.allCases)
    func parts(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            let name = ImportName.part(file: Self.file, line: 2, storeID: .one)
            func record(_ movements: [Movement], isAtomic: Bool) async throws -> Receipt<RecordedBatch> {
                let batch = Batch(movements, isAtomic: isAtomic)
                return try await ledger.record(batch, .importing(.batch(batch), as: name))
            }
            let first = try await record([.stockIn(5), .sale(6), .sale(2)], isAtomic: false)
            #expect(!first.isReplay)
            #expect(try await ledger.onHand(.sugarInOne) == 3)
            for isAtomic in [true, false] {
                let again = try await record([.stockIn(5), .sale(2)], isAtomic: isAtomic)
                #expect(again.isReplay)
            }
            #expect(try await ledger.onHand(.sugarInOne) == 3)
            let batch = Batch([.stockIn(1, .sugarInTwo)], isAtomic: true)
            let other = ImportName.part(file: Self.file, line: 2, storeID: .two)
            #expect(try await !ledger.record(batch, .importing(.batch(batch), as: other)).isReplay)
        }
    }

    @Test(
        "stands also for what came through a server in requests of that name", arguments: LedgerUnderTest.allCases)
    func requests(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            for name in Self.names {
                _ = try await ledger.record(.stockIn(5), .named(name.requestID))
                #expect(
                    try await ledger.record(.stockIn(5), .importing(.stockIn(5), as: name)).isReplay, "\(name)")
                #expect(
                    try await refusal { _ = try await ledger.record(.sale(1), .importing(.sale(1), as: name)) }
                        == .idempotencyKeyReused)
            }
            let transfers = ImportName.row(externalID: "transfer")
            let made = try await ledger.record(.sugar(3), .named(transfers.requestID)).value
            let again = try await ledger.record(.sugar(3), .importing(.transfer(.sugar(3)), as: transfers))
            #expect(again.isReplay && again.value == made)
            let batch = Batch([.stockIn(1), .sale(2)], isAtomic: true)
            let part = ImportName.part(file: Self.file, line: 9, storeID: .one)
            let lines = try await ledger.record(batch, .named(part.requestID)).value
            let replay = try await ledger.record(batch, .importing(.batch(batch), as: part))
            #expect(replay.isReplay && replay.value == lines)
            // The part's rows of another store are not there.
            let other = Batch([.stockIn(1, .sugarInTwo)], isAtomic: true)
            let otherPart = ImportName.part(file: Self.file, line: 9, storeID: .two)
            #expect(try await !ledger.record(other, .importing(.batch(other), as: otherPart)).isReplay)
            try await ledger.expectSound()
        }
    }
}

extension CommandContext {
    fileprivate static func importing(
        _ change: MovementCommand.Change, as name: ImportName, actor: String = "key:test"
    ) -> CommandContext {
        CommandContext(actor: actor, requestID: "test", importing: change, as: name)
    }

    fileprivate static func importing(
        _ movement: Movement, as name: ImportName, actor: String = "key:test"
    ) -> CommandContext {
        importing(.movement(movement), as: name, actor: actor)
    }

    fileprivate static func named(_ requestID: String) -> CommandContext {
        CommandContext(actor: "key:test", requestID: requestID)
    }
}
