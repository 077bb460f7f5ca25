import Inventory

/// Goes through a file of opening stock or movements without writing anything.
struct MovementCheck: ImportPass {
    private var rows: MovementRows
    private var history: HistoryRule
    /// `nil` once some of the file is in the ledger: the levels tell of that already, and of what came after it. Then
    /// the ledger judges each row when its turn comes.
    private var stock: ForeseenStock?
    private let memory: AuditMemory?
    private let ledger: any StockReading & StockWriting
    private let keys: ImportKeys
    private var isFirst = true

    init(
        _ rows: MovementRows, _ history: HistoryRule, _ memory: AuditMemory?,
        _ ledger: any StockReading & StockWriting, _ keys: ImportKeys
    ) {
        self.rows = rows
        self.history = history
        self.memory = memory
        self.ledger = ledger
        self.keys = keys
        stock = ForeseenStock(of: ledger)
    }

    mutating func take(
        _ row: Row, _ summary: inout ImportSummary, _ observer: (any ImportObserver)?
    ) async throws(LedgerError) {
        var row = row
        let planned = rows.planned(&row)
        if let planned { try await history.check(planned, &row) }
        guard row.problems.isEmpty else {
            summary.refuse(row.record, row.problems, observer)
            return
        }
        guard let planned else {
            summary.unchanged += 1
            return
        }
        if isFirst, try await isRecorded(planned) { stock = nil }
        isFirst = false
        if let refusal = try await stock?.refusal(of: planned.change) {
            summary.refuse(row.record, [RowProblem(refusal, line: row.record.line)], observer)
        } else {
            summary.added += 1
        }
    }

    func finish(_ summary: inout ImportSummary, _ observer: (any ImportObserver)?) {}

    /// Whether the file's first row, with which every import begins, is in the ledger: its key has had an answer, and is
    /// not tried with a product that does not exist. Where keys are not kept, the audit log knows.
    private func isRecorded(_ first: PlannedRow) async throws(LedgerError) -> Bool {
        let context = keys.context(ofPartThatBeginsWith: first)
        if let memory { return try await memory.has(context, in: first.stores[0]) }
        guard let quantity = Quantity(1) else { preconditionFailure("1 is a quantity") }
        let nothing = Movement(
            storeID: first.stores[0], productID: ProductID(rawValue: -1), kind: .stockIn, quantity: quantity)
        do throws(LedgerError) {
            _ = try await ledger.record(nothing, context)
            return true
        } catch .refused(.unknownProduct) {
            return false
        } catch .refused {
            return true
        }
    }
}
