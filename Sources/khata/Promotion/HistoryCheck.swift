import Inventory

/// Verifies ledgers incrementally, from the last checked position.
struct HistoryCheck {
    private let ledger: any StockReading
    private var verifiers: [StoreID: AuditVerifier] = [:]

    init(ledger: any StockReading) {
        self.ledger = ledger
    }

    /// - Parameter ledgers: For the total amount of work.
    mutating func checkAll(_ ledgers: [StoreLedger]) async throws {
        let left = ledgers.reduce(0) { count, ledger in
            count
                + Int(ledger.head.position.rawValue - (verifiers[ledger.head.storeID]?.head.position.rawValue ?? 0))
        }
        let progress = ProgressBar("check", total: left, of: "entries")
        defer { progress.finish() }
        for id in ledgers.map(\.head.storeID) {
            verifiers[id] = try await AuditVerification(ledger: ledger)
                .verify(after: verifiers[id] ?? AuditVerifier(storeID: id)) { entries in
                    progress.advance(by: entries)
                    try Task.checkCancellation()
                }
        }
    }
}
