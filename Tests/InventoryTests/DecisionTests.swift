import InventoryTesting
import Testing

@testable import Inventory

@Suite("Decisions on movements")
struct DecisionTests {
    @Test("a stock-in raises the level, a sale and a removal lower it, each at the next position")
    func movements() throws {
        let decision = decide(
            [Movement.stockIn(5), .sale(2), .removal(1)].map { $0.command() }, on: .testing(onHand: 10))
        #expect(decision.entries.map(\.onHandAfter) == [15, 13, 12])
        #expect(decision.entries.map(\.position.rawValue) == [8, 9, 10])
        #expect(decision.entries.map(\.type) == [.stockIn, .sale, .manualRemoval])
        #expect(decision.heads[.one]?.position == Position(rawValue: 10))
        #expect(decision.lastEntries[LevelKey(.one, .sugar)]?.onHandAfter == 12)
    }

    @Test("what would take the level below zero is refused, and the rest goes on")
    func insufficientStock() throws {
        let decision = decide([Movement.sale(6), .sale(5)].map { $0.command() }, on: .testing(onHand: 5))
        #expect(decision.refusals == [.insufficientStock(onHand: 5, requested: 6), nil])
        #expect(decision.entries.map(\.onHandAfter) == [0])
    }

    @Test("a refused movement leaves no trace: no position, no audit entry")
    func refusalLeavesNothing() {
        let decision = decide([Movement.sale(1).command()], on: .testing(onHand: 0))
        #expect(decision.entries.isEmpty && decision.audit.isEmpty && decision.heads.isEmpty)
    }

    @Test("a movement is refused when the level is not the expected one")
    func expectedOnHand() {
        var movement = Movement.sale(1)
        movement.expectedOnHand = 9
        #expect(decide([movement.command()], on: .testing(onHand: 10)).refusals == [.stockChanged(onHand: 10)])
        movement.expectedOnHand = 10
        #expect(decide([movement.command()], on: .testing(onHand: 10)).refusals == [nil])
    }

    @Test("unknown stores and products are refused")
    func unknown() {
        var elsewhere = Movement.sale(1)
        elsewhere.storeID = StoreID(rawValue: 99)
        var other = Movement.sale(1)
        other.productID = ProductID(rawValue: 99)
        #expect(
            decide([elsewhere, other].map { $0.command() }, on: .testing(onHand: 1)).refusals == [
                .unknownStore(StoreID(rawValue: 99)), .unknownProduct(ProductID(rawValue: 99)),
            ])
    }

    @Test("a transfer makes both sides or none")
    func transfer() throws {
        let commands = [7, 4].map { quantity in
            MovementCommand(
                .transfer(
                    Transfer(productID: .sugar, from: .one, to: .two, quantity: Quantity(quantity)!)), .testing)
        }
        let decision = decide(commands, on: .testing(onHand: 10))
        #expect(decision.refusals == [nil, .insufficientStock(onHand: 3, requested: 4)])
        #expect(decision.entries.map(\.onHandAfter) == [3, 7])
        #expect(decision.entries.map(\.type) == [.transferOut, .transferIn])
        #expect(decision.entries.map(\.transferID) == ["1-8", "1-8"])
        #expect(decision.heads.values.map(\.position.rawValue).sorted() == [1, 8])
    }

    @Test("lines of a batch stand by themselves")
    func batch() throws {
        let decision = decide(
            [MovementCommand(.batch(Batch([.sale(3), .sale(3), .sale(2)], isAtomic: false)), .testing)],
            on: .testing(onHand: 5))
        guard case .batch(let batch)? = try decision.receipts.first?.get().value else {
            Issue.record("the batch was refused")
            return
        }
        #expect(batch.lines.count == 3)
        #expect(batch.lines[1] == .refused(.insufficientStock(onHand: 2, requested: 3)))
        #expect(decision.entries.map(\.onHandAfter) == [2, 0])
    }

    @Test("an atomic batch is recorded whole, or tells each refused line and records nothing")
    func atomicBatch() throws {
        func decided(_ movements: [Movement]) -> Decision {
            decide(
                [MovementCommand(.batch(Batch(movements, isAtomic: true)), .testing), Movement.sale(1).command()],
                on: .testing(onHand: 5))
        }
        let refused = decided([.sale(3), .sale(3), .sale(9)])
        #expect(
            refused.refusals.first
                == .batch([
                    LineRefusal(index: 1, refusal: .insufficientStock(onHand: 2, requested: 3)),
                    LineRefusal(index: 2, refusal: .insufficientStock(onHand: 2, requested: 9)),
                ]))
        #expect(refused.entries.map(\.onHandAfter) == [4])
        #expect(decided([.sale(3), .sale(1)]).entries.map(\.onHandAfter) == [2, 1, 0])
    }

    @Test("a level or a position beyond all numbers is refused, and ends nothing")
    func beyondNumbers() {
        let full = decide([Movement.stockIn(1).command(), Movement.sale(1).command()], on: .testing(onHand: .max))
        #expect(full.refusals == [.insufficientStock(onHand: .max, requested: 1), nil])
        #expect(Position(rawValue: .max).next == Position(rawValue: .min))
        let row = ReportRow(
            key: ReportRow.Key(productID: .sugar, group: 0), name: "", opening: .max, stockIn: 1, sold: 0, removed: 0,
            transferredIn: 0, transferredOut: 0)
        #expect(row.closing == .min)
    }

    @Test("time never goes back within a ledger")
    func time() {
        let history = Movement.stockIn(1).command(
            CommandContext(actor: "a", requestID: "r", recordedAt: Timestamp(microseconds: 5)))
        let decision = decide([Movement.stockIn(1).command(), history], on: .testing(onHand: 0))
        #expect(decision.entries.map(\.recordedAt.microseconds) == [1_000, 1_000])
    }
}

@Suite("Decisions on repeated requests")
struct IdempotencyDecisionTests {
    private func context(_ key: String, _ fingerprint: UInt8 = 1) -> CommandContext {
        CommandContext(
            actor: "key:a", requestID: "r",
            idempotency: IdempotencyKey(principal: "key:a", key: key, fingerprint: [fingerprint]))
    }

    @Test("a key that repeats within a batch is carried out once")
    func repeatedWithinBatch() throws {
        let decision = decide(
            [Movement](repeating: .sale(1), count: 3).map { $0.command(context("k")) }, on: .testing(onHand: 10))
        #expect(decision.entries.count == 1 && decision.records.count == 1)
        let receipts = try decision.receipts.map { try $0.get() }
        #expect(receipts.map(\.isReplay) == [false, true, true])
        #expect(Set(receipts.map(\.value)).count == 1)
    }

    @Test("a key with another request is refused")
    func reused() {
        let decision = decide(
            [Movement.sale(1).command(context("k")), Movement.sale(2).command(context("k", 2))],
            on: .testing(onHand: 10))
        #expect(decision.refusals == [nil, .idempotencyKeyReused])
    }

    @Test("a recorded key is answered as it was, whatever the stock is now")
    func recorded() throws {
        let first = decide([Movement.sale(10).command(context("k"))], on: .testing(onHand: 10))
        var state = LockedState.testing(onHand: 0)
        state.records = [first.records[0].key.scope: first.records[0]]
        let again = decide([Movement.sale(10).command(context("k"))], on: state)
        #expect(try again.receipts[0].get().value == first.receipts[0].get().value)
        #expect(again.entries.isEmpty && again.records.isEmpty)
    }

    @Test("a refusal is not stored: the same key may succeed later")
    func refusalsAreNotStored() {
        let decision = decide(
            [
                Movement.sale(2).command(context("k")), Movement.stockIn(5).command(),
                Movement.sale(2).command(context("k")),
            ],
            on: .testing(onHand: 1))
        #expect(decision.refusals == [.insufficientStock(onHand: 1, requested: 2), nil, nil])
        #expect(decision.records.count == 1)
    }

    @Test("a batch of which each line was refused is not stored, whatever was recorded beside it")
    func refusedBatches() throws {
        func batch(_ key: String) -> MovementCommand {
            let invalid = Batch.Line.invalid([InvalidField(pointer: "/a", detail: "b")])
            return MovementCommand(.batch(Batch([.movement(.sale(2)), invalid])), context(key))
        }
        let decision = decide(
            [batch("k"), Movement.stockIn(5).command(), batch("k"), batch("k"), batch("l")], on: .testing(onHand: 1))
        let receipts = try decision.receipts.map { try $0.get() }
        #expect(receipts.map(\.isReplay) == [false, false, false, true, false])
        #expect(receipts.map(\.value.recordedCount) == [0, 1, 1, 1, 1])
        #expect(decision.records.map(\.key.key) == ["k", "l"])
    }

    @Test("what a key remembers can be asked, and that is not remembered")
    func question() throws {
        let key = try #require(context("k").idempotency)
        let asked = decide([.replay(of: key), Movement.sale(1).command(context("k"))], on: .testing(onHand: 1))
        #expect(try asked.receipts.map { try $0.get().isReplay } == [false, false])
        #expect(asked.records.count == 1)
        var state = LockedState(now: .earliest, history: .testing)
        state.records = [key.scope: asked.records[0]]
        let again = try decide([.replay(of: key)], on: state).receipts[0].get()
        #expect(try again.isReplay && again.value == asked.receipts[1].get().value)
    }

    @Test("keys are the same byte by byte, as the database has them")
    func composed() throws {
        let decision = decide(
            ["caf\u{E9}", "cafe\u{301}"].map { Movement.sale(1).command(context($0)) }, on: .testing(onHand: 10))
        #expect(decision.entries.count == 2 && decision.records.count == 2)
    }
}

extension Outcome {
    fileprivate var recordedCount: Int { invalidations.count }
}

extension History {
    static let testing = History("testing")
}

extension Movement {
    static func removal(_ units: Int64) -> Movement { .of(.manualRemoval, units) }

    func command(_ context: CommandContext = .testing) -> MovementCommand {
        MovementCommand(.movement(self), context)
    }
}

extension LockedState {
    /// Stores 1 (at position 7) and 2 (empty), and sugar in store 1.
    static func testing(onHand: Int64) -> LockedState {
        LockedState(
            now: Timestamp(microseconds: 1_000), history: .testing,
            heads: [
                .one: LedgerHead(
                    storeID: .one, position: Position(rawValue: 7), hash: .origin,
                    recordedAt: Timestamp(microseconds: 10)),
                .two: LedgerHead(
                    storeID: .two, position: .zero, hash: .origin, recordedAt: Timestamp(microseconds: 10)),
            ],
            products: [.sugar], onHand: [LevelKey(.one, .sugar): onHand])
    }
}

extension Decision {
    var refusals: [Refusal?] {
        receipts.map { result in
            guard case .failure(let refusal) = result else { return nil }
            return refusal
        }
    }
}
