import Inventory

/// Allows rows to keep their original recording time only in a ledger without other history. In any other, such times
/// could not be verified: use `occurred_at`.
struct HistoryRule {
    private let ledger: any StockReading
    private let keys: ImportKeys
    private var cached: [StoreID: Bool] = [:]

    init(ledger: any StockReading, keys: ImportKeys) {
        self.ledger = ledger
        self.keys = keys
    }

    mutating func admits(_ storeID: StoreID) async throws(LedgerError) -> Bool {
        if let isAllowed = cached[storeID] { return isAllowed }
        let first = try await ledger.audit(AuditQuery(storeID: storeID, limit: 1), Freshness())
        let isAllowed = first.value.items.allSatisfy { $0.requestID.hasPrefix(keys.requestPrefix) }
        cached[storeID] = isAllowed
        return isAllowed
    }

    /// Refuses a row whose time cannot be kept.
    mutating func check(_ planned: PlannedRow, _ row: inout ImportRow) async throws(LedgerError) {
        guard planned.recordedAt != nil else { return }
        for storeID in planned.stores where !(try await admits(storeID)) {
            row.refuse(
                .recordedAt,
                "cannot be kept: store \(storeID) has a history already. Call the column occurred_at instead")
        }
    }
}

extension PlannedRow {
    var productID: ProductID {
        switch change {
        case .movement(let movement): movement.productID
        case .transfer(let transfer): transfer.productID
        }
    }

    var stores: [StoreID] {
        switch change {
        case .movement(let movement): [movement.storeID]
        case .transfer(let transfer): [transfer.from, transfer.to]
        }
    }
}
