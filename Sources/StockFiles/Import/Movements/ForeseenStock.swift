import Inventory

/// The levels as they will be after the rows checked so far, before any is written. Holds the levels of the stores in
/// the file.
struct ForeseenStock {
    private let ledger: any StockReading
    private var onHand: [LevelKey: Int64] = [:]
    private var stores: Set<StoreID> = []

    private static let pageSize = 1_000

    init(of ledger: any StockReading) {
        self.ledger = ledger
    }

    /// Applies a row.
    /// - Returns: The problem, if the row is impossible.
    mutating func refusal(of change: PlannedRow.Change) async throws(LedgerError) -> Refusal? {
        switch change {
        case .movement(let movement):
            try await load(movement.storeID)
            let level = LevelKey(movement.storeID, movement.productID)
            let before = onHand[level, default: 0]
            if let expected = movement.expectedOnHand, expected != before { return .stockChanged(onHand: before) }
            return move(movement.kind.type.sign * movement.quantity.units, level)
        case .transfer(let transfer):
            try await load(transfer.from)
            try await load(transfer.to)
            let refusal = move(-transfer.quantity.units, LevelKey(transfer.from, transfer.productID))
            return refusal ?? move(transfer.quantity.units, LevelKey(transfer.to, transfer.productID))
        }
    }

    private mutating func move(_ units: Int64, _ level: LevelKey) -> Refusal? {
        let before = onHand[level, default: 0]
        guard before + units >= 0 else { return .insufficientStock(onHand: before, requested: -units) }
        onHand[level] = before + units
        return nil
    }

    private mutating func load(_ storeID: StoreID) async throws(LedgerError) {
        guard stores.insert(storeID).inserted else { return }
        var query = StockQuery(storeID: storeID, limit: Self.pageSize)
        repeat {
            let page = try await ledger.stock(query, Freshness()).value
            for item in page.items { onHand[LevelKey(storeID, item.productID)] = item.onHand }
            query.after = page.next
        } while query.after != nil
    }
}
