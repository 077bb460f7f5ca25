import Inventory
import Testing

@Suite("Outcomes")
struct OutcomeTests {
    private static let entry = LedgerEntry(
        storeID: StoreID(rawValue: 7), position: Position(rawValue: 1 << 50), productID: ProductID(rawValue: 102),
        type: .manualRemoval, quantity: 3, onHandAfter: 0, transferID: nil, notes: MovementNotes(),
        recordedAt: Timestamp(microseconds: -62_135_596_800_000_000))
    private static let movement = RecordedMovement(entry)

    @Test(
        "what was recorded comes back from an idempotency record",
        arguments: [
            Outcome.movement(movement), .transfer(RecordedTransfer(id: "7-\"1\"", out: movement, in: movement)),
            .batch(RecordedBatch(lines: [])), .batch(RecordedBatch(lines: [.recorded(movement), .recorded(movement)])),
            .batch(
                RecordedBatch(lines: [.recorded(movement), .refused(.insufficientStock(onHand: 1, requested: 2))])),
            .catalog(.store(Store(id: StoreID(rawValue: 7), name: "Shop", position: Position(rawValue: 3)))),
        ])
    func roundTrip(outcome: Outcome) throws {
        let read = try Outcome(json: try outcome.json())
        #expect(read == outcome)
    }
}
