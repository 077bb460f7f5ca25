import Inventory

/// Checks a file of opening stock or movements without writing anything.
struct MovementCheck: ImportPass {
    private var rows: MovementRows
    private var history: HistoryRule
    /// `nil` if part of the file is already in the ledger: then the levels include it, and later changes. In this case,
    /// the ledger decides each row when it is written.
    private var stock: ForeseenStock?
    private let ledger: any StockReading & StockWriting
    private let keys: ImportKeys
    /// The part with the next row, until the first row with a change is found.
    private var part: FilePart? = FilePart()

    init(
        _ rows: MovementRows, _ history: HistoryRule, _ ledger: any StockReading & StockWriting, _ keys: ImportKeys
    ) {
        self.rows = rows
        self.history = history
        self.ledger = ledger
        self.keys = keys
        stock = ForeseenStock(of: ledger)
    }

    mutating func take(
        _ row: ImportRow, _ summary: inout ImportSummary, _ observer: (any ImportObserver)?
    ) async throws(LedgerError) {
        var row = row
        let planned = rows.planned(&row)
        if let planned { try await history.check(planned, &row) }
        let isRecorded = try await isRecordedFirst(planned, row)
        if isRecorded { stock = nil }
        guard row.problems.isEmpty else {
            summary.refuse(row.record, row.problems, observer)
            return
        }
        guard let planned else {
            summary.unchanged += 1
            return
        }
        if let refusal = try await stock?.refusal(of: planned.change) {
            summary.refuse(row.record, [RowProblem(refusal, line: row.record.line)], observer)
        } else {
            summary.added += 1
        }
    }

    func finish(_ summary: inout ImportSummary, _ observer: (any ImportObserver)?) {}

    /// Whether this is the first row with a change, which every import begins with, and it is in the ledger.
    private mutating func isRecordedFirst(_ planned: PlannedRow?, _ row: ImportRow) async throws(LedgerError) -> Bool {
        guard var part else { return false }
        if row.isTransfer { part = FilePart() } else { part.add(row) }
        if let planned, row.problems.isEmpty {
            self.part = nil
            return try await isRecorded(planned, ofPart: part.line ?? row.record.line)
        }
        self.part = part.isFull ? FilePart() : part
        return false
    }

    /// Whether a row's name is in use. Tests it with an impossible movement, which expects no stock and sells from it.
    private func isRecorded(_ first: PlannedRow, ofPart line: Int) async throws(LedgerError) -> Bool {
        guard let quantity = Quantity(1) else { preconditionFailure("1 is a quantity") }
        let impossible = Movement(
            storeID: first.stores[0], productID: first.productID, kind: .sale, quantity: quantity, expectedOnHand: 0)
        do throws(LedgerError) {
            _ = try await ledger.record(impossible, keys.context(asking: impossible, about: first, ofPart: line))
            return true
        } catch .refused(let refusal) {
            return refusal == .idempotencyKeyReused
        }
    }
}
