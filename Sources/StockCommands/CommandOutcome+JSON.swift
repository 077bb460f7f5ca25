package import Inventory
package import InventoryContract
package import JSON

/// What became of a command: in a reply, and to whoever asks.
package typealias CommandOutcome = Result<Receipt<Outcome>, Problem>

extension JSONWriter {
    /// The fields of an outcome: `status`, and the `result` that HTTP would have had as its body, or the `problem`.
    package mutating func fields(of outcome: CommandOutcome) {
        switch outcome {
        case .success(let receipt):
            field("status", "done")
            key("result")
            value(receipt.value)
        case .failure(let problem):
            field("status", "refused")
            key("problem")
            value(problem)
        }
    }

    private mutating func value(_ outcome: Outcome) {
        switch outcome {
        case .movement(let movement): value(movement)
        case .transfer(let transfer): value(transfer)
        case .batch(let batch): value(batch.lines.enumerated().map { BatchResult($1, at: $0) })
        case .catalog(let item): value(item)
        case .refused(let refusal): value(Problem(refusal))
        }
    }
}

extension Problem {
    /// The lines of a batch that were not recorded, if there are any; the others are.
    init?(unrecordedLinesOf batch: RecordedBatch) {
        let lines = batch.lines.enumerated().compactMap { index, line -> (index: Int, problem: Problem)? in
            if case .refused(let problem) = BatchResult(line, at: index) { (index, problem) } else { nil }
        }
        guard let first = lines.first else { return nil }
        self.init(
            first.problem.code,
            "\(lines.count) of the \(batch.lines.count) movements were refused; the others are recorded.")
        items = lines.prefix(Self.maximumLines).map { line in
            Item(
                pointer: "/movements/\(line.index)", detail: line.problem.detail,
                line: .init(index: line.index, code: line.problem.code, level: line.problem.level))
        }
    }

    /// So many are named, so that the problem fits into a header.
    private static let maximumLines = 100
}
