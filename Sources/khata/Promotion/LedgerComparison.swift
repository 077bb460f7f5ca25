import Inventory
import PostgresLedger
import SQLiteLedger

/// Compares a ledger in a file with the database that it was moved to, up to the position at the move.
struct LedgerComparison: Sendable {
    let storeID: StoreID
    let name: String
    /// In the file.
    let totals: LedgerTotals
    /// In the file, up to the first difference, if any.
    let levels: Int
    /// Readable; empty if there are none.
    var differences: [String]

    init(_ ledger: StoreLedger, _ file: SQLiteLedger, _ target: PromotionTarget) async throws {
        let (id, end) = (ledger.head.storeID, ledger.head.position)
        (storeID, name) = (id, ledger.name)
        totals = try await file.totals(of: id, upTo: end)
        let found = try await target.totals(of: id, upTo: end)
        var differences: [String] = []
        func compare<Value: Equatable>(_ what: String, _ kept: Value, _ found: Value) {
            if kept != found {
                differences.append("store \(id): \(what) is \(kept) in the file and \(found) in the database")
            }
        }
        compare("the number of entries", totals.entries, found.entries)
        compare("the number of movements", totals.movements, found.movements)
        compare("the last hash", totals.hash?.description ?? "none", found.hash?.description ?? "none")
        let (count, difference) = try await Self.compareLevels(of: id, at: end, file, target)
        levels = count
        self.differences = differences + [difference].compactMap(\.self)
    }

    /// - Returns: The number of levels up to the first difference, and that difference.
    private static func compareLevels(
        of id: StoreID, at end: Position, _ file: SQLiteLedger, _ target: PromotionTarget
    ) async throws -> (count: Int, difference: String?) {
        var count = 0
        var last: ProductID?
        while true {
            let kept = try await file.levels(of: id, after: last, limit: Promotion.partSize)
            let found = try await target.levels(of: id, at: end, after: last, limit: Promotion.partSize)
            if let product = Set(kept).symmetricDifference(found).map(\.productID).min() {
                return (count, "store \(id): the level of product \(product) is not the same")
            }
            count += kept.count
            guard kept.count == Promotion.partSize else { return (count, nil) }
            last = kept.last?.productID
        }
    }
}
