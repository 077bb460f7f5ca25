import Inventory
import InventoryTesting
import Testing

@Suite("Movements")
struct MovementTests {
    @Test("a movement is answered with its position and level, and then read", arguments: LedgerUnderTest.allCases)
    func recorded(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            var movement = Movement.stockIn(20)
            movement.notes = MovementNotes(
                occurredAt: Timestamp(microseconds: 1_000_000), reference: "INV-7 \"x\"", note: "چینی")
            let first = try await ledger.record(movement, .testing()).value
            #expect(first.position == Position(rawValue: 1) && first.onHand == 20)
            let second = try await ledger.record(.sale(3), .testing()).value
            #expect(second.position == Position(rawValue: 2) && second.onHand == 17)
            #expect(second.recordedAt >= first.recordedAt)

            let level = try await ledger.level(.sugarInOne, Freshness())
            #expect(level.value.onHand == 17 && level.value.updatedAt == second.recordedAt)
            #expect(level.value.name == "Sugar 1kg")
            #expect(level.position == Position(rawValue: 2))

            let entries = try await ledger.entries(EntryQuery(storeID: .one), Freshness()).value.items
            #expect(entries.map(\.onHandAfter) == [20, 17])
            #expect(entries[0].notes == movement.notes)
            try await ledger.expectSound()
        }
    }

    @Test("what the stock does not cover is refused, and nothing changes", arguments: LedgerUnderTest.allCases)
    func refusals(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            _ = try await ledger.record(.stockIn(5), .testing())
            #expect(
                try await refusal { _ = try await ledger.record(.sale(6), .testing()) }
                    == .insufficientStock(onHand: 5, requested: 6))
            var expecting = Movement.sale(1)
            expecting.expectedOnHand = 4
            let changed = expecting
            #expect(
                try await refusal { _ = try await ledger.record(changed, .testing()) } == .stockChanged(onHand: 5))
            let nowhere = LevelKey(StoreID(rawValue: 9), .sugar)
            #expect(
                try await refusal { _ = try await ledger.record(.stockIn(1, nowhere), .testing()) }
                    == .unknownStore(StoreID(rawValue: 9)))
            let nothing = LevelKey(.one, ProductID(rawValue: 9))
            #expect(
                try await refusal { _ = try await ledger.record(.stockIn(1, nothing), .testing()) }
                    == .unknownProduct(ProductID(rawValue: 9)))
            let level = try await ledger.level(.sugarInOne, Freshness())
            #expect(level.value.onHand == 5 && level.position == Position(rawValue: 1))
            try await ledger.expectSound()
        }
    }

    @Test("the catalog is not a store: nothing moves there", arguments: LedgerUnderTest.allCases)
    func catalogIsNoStore(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            #expect(
                try await refusal {
                    _ = try await ledger.record(.stockIn(1, LevelKey(.catalog, .sugar)), .testing())
                } == .unknownStore(.catalog))
            try await ledger.expectSound()
        }
    }

    @Test("a transfer moves both sides at once", arguments: LedgerUnderTest.allCases)
    func transfer(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            _ = try await ledger.record(.stockIn(10), .testing())
            let transfer = try await ledger.record(.sugar(4), .testing()).value
            #expect(transfer.id == "1-2" && transfer.out.onHand == 6 && transfer.in.onHand == 4)
            #expect(transfer.out.position == Position(rawValue: 2) && transfer.in.position == Position(rawValue: 1))
            #expect(
                try await refusal { _ = try await ledger.record(.sugar(7), .testing()) }
                    == .insufficientStock(onHand: 6, requested: 7))
            #expect(try await ledger.onHand(.sugarInOne) == 6)
            #expect(try await ledger.onHand(.sugarInTwo) == 4)
            let sides = try await ledger.entries(EntryQuery(productID: .sugar), Freshness()).value.items
                .filter { $0.transferID == transfer.id }
            #expect(Set(sides.map(\.type)) == [.transferOut, .transferIn])
            try await ledger.expectSound()
        }
    }

    @Test("lines of a batch stand by themselves, unless it is atomic", arguments: LedgerUnderTest.allCases)
    func batches(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            let lines: [Movement] = [.stockIn(5), .sale(6), .stockIn(2, .sugarInTwo), .sale(5)]
            let batch = try await ledger.record(Batch(lines, isAtomic: false), .testing()).value
            #expect(batch.lines[1] == .refused(.insufficientStock(onHand: 5, requested: 6)))
            #expect(try await ledger.onHand(.sugarInOne) == 0)
            #expect(try await ledger.onHand(.sugarInTwo) == 2)

            #expect(
                try await refusal { _ = try await ledger.record(Batch(lines, isAtomic: true), .testing()) }
                    == .batch([LineRefusal(index: 1, refusal: .insufficientStock(onHand: 5, requested: 6))]))
            #expect(try await ledger.onHand(.sugarInTwo) == 2)
            try await ledger.expectSound()
        }
    }

    @Test("a batch of a thousand lines is recorded in order", arguments: LedgerUnderTest.allCases)
    func thousandLines(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            let lines = (0..<1_000).map { Movement.stockIn(1, $0 % 2 == 0 ? .sugarInOne : .sugarInTwo) }
            let batch = try await ledger.record(Batch(lines, isAtomic: true), .testing()).value
            #expect(batch.lines.count == 1_000)
            #expect(try await ledger.onHand(.sugarInTwo) == 500)
            try await ledger.expectSound()
        }
    }
}

@Suite("Repeated requests")
struct RepetitionTests {
    @Test("of fifty requests at once with one key, one is carried out", arguments: LedgerUnderTest.allCases)
    func fiftyAtOnce(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            _ = try await ledger.record(.stockIn(100), .testing())
            let receipts = try await withThrowingTaskGroup { group in
                for _ in 0..<50 {
                    group.addTask { try await ledger.record(.sale(1), .testing(key: "k")) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(receipts.map(\.value)).count == 1)
            #expect(receipts.count { !$0.isReplay } == 1)
            #expect(try await ledger.onHand(.sugarInOne) == 99)
            try await ledger.expectSound()
        }
    }

    @Test("one key for requests to different stores, at once, is carried out once", arguments: LedgerUnderTest.allCases)
    func acrossStores(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            for round in 0..<20 {
                let outcomes = await withTaskGroup(of: Bool.self) { group in
                    for (request, level) in [LevelKey.sugarInOne, .sugarInTwo].enumerated() {
                        group.addTask {
                            let context = CommandContext.testing(key: "k\(round)", request: UInt8(request))
                            return (try? await ledger.record(.stockIn(1, level), context)) != nil
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(outcomes.count { $0 } == 1)
            }
            #expect(try await ledger.onHand(.sugarInOne) + ledger.onHand(.sugarInTwo) == 20)
            try await ledger.expectSound()
        }
    }

    @Test("a key is answered as the first time, whatever it was for", arguments: LedgerUnderTest.allCases)
    func replays(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            let batch = Batch([.stockIn(9), .sale(10)], isAtomic: false)
            let first = try await ledger.record(batch, .testing(key: "batch"))
            let again = try await ledger.record(batch, .testing(key: "batch"))
            #expect(!first.isReplay && again.isReplay && first.value == again.value)

            let transfer = try await ledger.record(.sugar(4), .testing(key: "transfer"))
            #expect(try await ledger.record(.sugar(4), .testing(key: "transfer")).value == transfer.value)

            let product = CatalogChange.createProduct(nil, ProductDetails(name: "Tea"))
            let created = try await ledger.change(product, .testing(key: "product"))
            let recreated = try await ledger.change(product, .testing(key: "product"))
            #expect(recreated.isReplay && recreated.value == created.value)
            #expect(try await ledger.onHand(.sugarInOne) == 5)

            #expect(
                try await refusal { _ = try await ledger.record(.sale(1), .testing(key: "batch", request: 1)) }
                    == .idempotencyKeyReused)
            #expect(
                try await refusal { _ = try await ledger.change(product, .testing(key: "batch", request: 2)) }
                    == .idempotencyKeyReused)
            let other = try await ledger.record(.sale(1), .testing(actor: "key:other", key: "batch"))
            #expect(!other.isReplay)
        }
    }

    @Test("a refusal is not kept: the same key may succeed later", arguments: LedgerUnderTest.allCases)
    func refusalIsNotKept(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            #expect(try await refusal { _ = try await ledger.record(.sale(1), .testing(key: "k")) } != nil)
            _ = try await ledger.record(.stockIn(1), .testing())
            #expect(try await ledger.record(.sale(1), .testing(key: "k")).isReplay == false)
        }
    }

    @Test("a key remembers what was recorded, and no answer that recorded nothing", arguments: LedgerUnderTest.allCases)
    func memory(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            let sale = Movement.sale(1)
            let batches = [Batch([sale, sale], isAtomic: false), Batch([sale, sale], isAtomic: true)]
            let requests = zip(0..., batches).map {
                ($1, CommandContext.testing(key: "batch-\($0)", request: UInt8($0)))
            }
            for (batch, context) in requests {
                if batch.isAtomic {
                    #expect(try await refusal { _ = try await ledger.record(batch, context) } != nil)
                } else {
                    #expect(try await ledger.record(batch, context).isReplay == false)
                }
            }
            #expect(try await refusal { _ = try await ledger.record(.sugar(1), .testing(key: "transfer")) } != nil)
            _ = try await ledger.record(.stockIn(10), .testing())
            for (batch, context) in requests {
                let lines = try await ledger.record(batch, context).value.lines
                #expect(lines.allSatisfy { if case .recorded = $0 { true } else { false } })
                #expect(try await ledger.record(batch, context).isReplay)
            }
            #expect(try await ledger.record(.sugar(1), .testing(key: "transfer")).isReplay == false)
            #expect(try await ledger.onHand(.sugarInOne) == 5)
        }
    }

    @Test("a product that was in the catalog already is not remembered", arguments: LedgerUnderTest.allCases)
    func addedAlready(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            let change = CatalogChange.addProduct(named: "sugar 1KG")
            let found = try await ledger.change(change, .testing(key: "k"))
            #expect(found.value == .product(try await ledger.product(.sugar, Freshness()).value) && !found.isReplay)
            _ = try await ledger.change(.archiveProduct(.sugar, ifVersion: .any), .testing())
            let added = try await ledger.change(change, .testing(key: "k"))
            #expect(added.value != found.value && !added.isReplay)
            #expect(try await ledger.change(change, .testing(key: "k")).isReplay)
        }
    }

    @Test("what a key remembers can be asked", arguments: StorageUnderTest.allCases)
    func question(ledger: StorageUnderTest) async throws {
        try await ledger.with { ledger in
            func asked(_ context: CommandContext) async throws -> Receipt<Outcome>? {
                try await ledger.replay(of: try #require(context.idempotency))
            }
            let empty = Batch([], isAtomic: true)
            #expect(try await ledger.record(empty, .testing(key: "k")).value.lines.isEmpty)
            #expect(try await asked(.testing(key: "k")) == nil)
            let recorded = try await ledger.record(.stockIn(7), .testing(key: "k"))
            let answer = try await asked(.testing(key: "k"))
            #expect(try answer?.movementReceipt() == Receipt(recorded.value, isReplay: true, in: recorded.history))
            let other = CommandContext.testing(key: "k", request: 1)
            for refused in [
                try await refusal { _ = try await asked(other) },
                try await refusal { _ = try await ledger.record(empty, other) },
            ] {
                #expect(refused == .idempotencyKeyReused)
            }
            let store = try await ledger.change(.createStore(nil, name: "Mall"), .testing(key: "store"))
            #expect(try await asked(.testing(key: "store"))?.catalogReceipt().value == store.value)
        }
    }
}

@Suite("Races")
struct RaceTests {
    @Test("the last unit goes to exactly one of many buyers", arguments: LedgerUnderTest.allCases)
    func lastUnit(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            _ = try await ledger.record(.stockIn(1), .testing())
            let sold = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<200 {
                    group.addTask {
                        let refusal = try await refusal { _ = try await ledger.record(.sale(1), .testing()) }
                        #expect(refusal == nil || refusal == .insufficientStock(onHand: 0, requested: 1))
                        return refusal == nil
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(sold == 1)
            #expect(try await ledger.onHand(.sugarInOne) == 0)
        }
    }

    @Test("transfers in opposite directions do not block each other", arguments: LedgerUnderTest.allCases)
    func oppositeTransfers(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            for level in [LevelKey.sugarInOne, .sugarInTwo] {
                _ = try await ledger.record(.stockIn(1_000, level), .testing())
            }
            try await withThrowingTaskGroup { group in
                for index in 0..<200 {
                    group.addTask {
                        let there = index % 2 == 0
                        _ = try await ledger.record(
                            .sugar(1, from: there ? .one : .two, to: there ? .two : .one), .testing())
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await ledger.onHand(.sugarInOne) == 1_000)
            #expect(try await ledger.onHand(.sugarInTwo) == 1_000)
            try await ledger.expectSound()
        }
    }

    @Test("an acknowledged movement is seen by every read that starts after it", arguments: LedgerUnderTest.allCases)
    func readYourWrites(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            for round in 1...100 {
                let recorded = try await ledger.record(.stockIn(1), .testing()).value
                let level = try await ledger.level(.sugarInOne, Freshness())
                #expect(level.value.onHand == Int64(round) && level.position == recorded.position)
            }
        }
    }
}
