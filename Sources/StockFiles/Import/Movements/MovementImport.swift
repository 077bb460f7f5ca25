import Inventory

/// Writes a file of opening stock or movements, a part at a time: the rows of each store in a part as one batch, in
/// order, and the stores concurrently.
struct MovementImport: ImportPass {
    private var rows: MovementRows
    private var history: HistoryRule
    private let ledger: any StockWriting
    private let keys: ImportKeys
    private let storesAtOnce: Int
    /// Whether a refused row prevents the others of its batch, and all later rows, from being written.
    private let isAtomic: Bool
    private var part = Part()
    private var isFirstPart = true

    init(
        _ rows: MovementRows, _ history: HistoryRule, _ ledger: any StockWriting, _ keys: ImportKeys,
        storesAtOnce: Int, isAtomic: Bool
    ) {
        self.rows = rows
        self.history = history
        self.storesAtOnce = storesAtOnce
        self.ledger = ledger
        self.keys = keys
        self.isAtomic = isAtomic
    }

    /// The changes of a part's rows.
    private struct Part {
        var place = FilePart()
        var rows: [PlannedRow] = []
        /// The other rows, to be reported in the order of the file.
        var refused: [RefusedRow] = []
    }

    mutating func take(
        _ row: ImportRow, _ summary: inout ImportSummary, _ observer: (any ImportObserver)?
    ) async throws(LedgerError) {
        var row = row
        let planned = rows.planned(&row)
        if let planned { try await history.check(planned, &row) }
        if row.isTransfer {
            try await writePart(&summary, observer)
            if summary.isStopped { return }
        }
        part.place.add(row)
        if !row.problems.isEmpty {
            part.refused.append(RefusedRow(record: row.record, problems: row.problems))
        } else if let planned {
            part.rows.append(planned)
        } else {
            summary.unchanged += 1
        }
        if row.isTransfer || part.place.isFull { try await writePart(&summary, observer) }
    }

    mutating func finish(_ summary: inout ImportSummary, _ observer: (any ImportObserver)?) async throws(LedgerError) {
        try await writePart(&summary, observer)
    }

    private mutating func writePart(
        _ summary: inout ImportSummary, _ observer: (any ImportObserver)?
    ) async throws(LedgerError) {
        let part = self.part
        self.part = Part()
        var stores: [[PlannedRow]] = []
        var places: [StoreID: Int] = [:]
        for row in part.rows {
            if let place = places[row.stores[0]] {
                stores[place].append(row)
            } else {
                places[row.stores[0]] = stores.count
                stores.append([row])
            }
        }
        var outcomes: [Result<PartOutcome, LedgerError>] = []
        // The first batch shows that an import has begun, so it is written before any other.
        let alone = isFirstPart ? 1 : 0
        if !stores.isEmpty { isFirstPart = false }
        for store in stores.prefix(alone) { outcomes.append(await write(store, part.place.line)) }
        if outcomes.allSatisfy(\.continues) {
            outcomes += await withTaskGroup(of: Result<PartOutcome, LedgerError>.self) { [self] group in
                var outcomes: [Result<PartOutcome, LedgerError>] = []
                for (index, store) in stores.dropFirst(alone).enumerated() {
                    if index >= storesAtOnce, let outcome = await group.next() { outcomes.append(outcome) }
                    group.addTask { await write(store, part.place.line) }
                }
                return await group.reduce(into: outcomes) { $0.append($1) }
            }
        }
        let written = try outcomes.map { outcome throws(LedgerError) in try outcome.get() }
        summary.added += written.reduce(0) { $0 + $1.added }
        summary.unchanged += written.reduce(0) { $0 + $1.unchanged }
        summary.isStopped = written.contains(where: \.isStopped)
        for row in (part.refused + written.flatMap(\.refused)).sorted(by: { $0.record.line < $1.record.line }) {
            summary.refuse(row.record, row.problems, observer)
        }
        observer?.imported(rows: part.place.count)
    }
}

private struct RefusedRow: Sendable {
    let record: CSVRecord
    let problems: [RowProblem]
}

/// The outcome of one store's rows.
private struct PartOutcome: Sendable {
    var added = 0
    var unchanged = 0
    var refused: [RefusedRow] = []
    /// Whether later rows must not be written.
    var isStopped = false

    mutating func refuse(_ row: PlannedRow, _ refusal: Refusal) {
        refused.append(
            RefusedRow(record: row.record, problems: [RowProblem(refusal, line: row.record.line)]))
    }
}

extension Result<PartOutcome, LedgerError> {
    fileprivate var continues: Bool {
        if case .success(let outcome) = self { !outcome.isStopped } else { false }
    }
}

extension MovementImport {
    /// - Parameter line: The line of the part's first row.
    @concurrent
    private func write(_ rows: [PlannedRow], _ line: Int?) async -> Result<PartOutcome, LedgerError> {
        do throws(LedgerError) {
            let movements = rows.compactMap { row in
                if case .movement(let movement) = row.change { movement } else { nil }
            }
            guard let line, movements.count == rows.count, !self.rows.header.has(.externalID) else {
                return .success(try await writeOneByOne(rows))
            }
            return .success(try await write(Batch(movements, isAtomic: isAtomic), rows, line))
        } catch {
            return .failure(error)
        }
    }

    private func write(
        _ batch: Batch, _ rows: [PlannedRow], _ line: Int
    ) async throws(LedgerError) -> PartOutcome {
        var outcome = PartOutcome()
        do throws(LedgerError) {
            let receipt = try await ledger.record(batch, keys.context(ofPart: line, batch))
            let lines = receipt.value.lines
            guard lines.isOutcome(of: batch.movements) else {
                return self.outcome(of: rows, batch.movements, of: lines)
            }
            for (row, line) in zip(rows, lines) {
                switch line {
                case .refused(let refusal): outcome.refuse(row, refusal)
                case .recorded where receipt.isReplay: outcome.unchanged += 1
                case .recorded: outcome.added += 1
                case .invalid: break  // no row is
                }
            }
        } catch .refused(.batch(let lines)) {
            for line in lines { outcome.refuse(rows[line.index], line.refusal) }
            outcome.isStopped = true
        }
        return outcome
    }

    /// The outcome of a part that was first imported with other rows, because different ones were refused: only the
    /// rows recorded then are in the ledger.
    private func outcome(
        of rows: [PlannedRow], _ movements: [Movement], of lines: [RecordedBatch.Line]
    ) -> PartOutcome {
        var outcome = PartOutcome()
        var recorded: [Content: Int] = [:]
        for case .recorded(let movement) in lines { recorded[Content(movement), default: 0] += 1 }
        for (row, movement) in zip(rows, movements) {
            if let left = recorded[Content(movement)], left > 0 {
                recorded[Content(movement)] = left - 1
                outcome.unchanged += 1
            } else {
                let problem = RowProblem(
                    line: row.record.line, column: nil,
                    detail: "was refused when this file was imported before: import it in a file of its own")
                outcome.refused.append(RefusedRow(record: row.record, problems: [problem]))
            }
        }
        outcome.isStopped = isAtomic && !outcome.refused.isEmpty
        return outcome
    }

    /// Rows with their own keys, one after the other.
    private func writeOneByOne(_ rows: [PlannedRow]) async throws(LedgerError) -> PartOutcome {
        var outcome = PartOutcome()
        for row in rows {
            let context = keys.context(of: row)
            do throws(LedgerError) {
                let isReplay =
                    switch row.change {
                    case .movement(let movement): try await ledger.record(movement, context).isReplay
                    case .transfer(let transfer): try await ledger.record(transfer, context).isReplay
                    }
                if isReplay { outcome.unchanged += 1 } else { outcome.added += 1 }
            } catch .refused(let refusal) {
                outcome.refuse(row, refusal)
                if isAtomic {
                    outcome.isStopped = true
                    break
                }
            }
        }
        return outcome
    }
}

/// The effect of a movement, to compare it with a recorded one.
private struct Content: Hashable {
    let productID: ProductID
    let type: MovementType
    let quantity: Int64

    init(_ movement: Movement) {
        (productID, type, quantity) = (movement.productID, movement.kind.type, movement.quantity.units)
    }

    init(_ movement: RecordedMovement) {
        (productID, type, quantity) = (movement.productID, movement.type, movement.quantity)
    }
}

extension [RecordedBatch.Line] {
    /// Whether these may be the outcomes of these movements, one by one.
    fileprivate func isOutcome(of movements: [Movement]) -> Bool {
        count == movements.count
            && zip(self, movements).allSatisfy { line, movement in
                if case .recorded(let recorded) = line { Content(recorded) == Content(movement) } else { true }
            }
    }
}
