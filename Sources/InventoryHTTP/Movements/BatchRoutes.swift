import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryContract
import JSON

extension InventoryAPI {
    func recordBatch(_ context: RequestContext) async throws -> Response {
        let body = try await context.body()
        var fields = try body.fields()
        let isAtomic = fields.isTrue("atomic")
        let receipt = try await receipt(to: context, body) { answer throws(LedgerError) in
            try answer.batchReceipt()
        } executing: {
            let parsed: BatchBody = try context.read(&fields)
            charge(lines: parsed.lines.count, to: context)
            let batch = try batch(of: parsed.lines, isAtomic: isAtomic, limits)
            if parsed.importName != nil { try requireValid(batch) }
            let command = try context.commandContext(body: body, of: .batch(batch), importedAs: parsed.importName)
            let receipt = try await ledger(for: context).record(batch, command)
            // The first request for this part of an import may have had other lines: with or without its invalid rows.
            guard parsed.importName == nil, receipt.value.lines.count != batch.lines.count else { return receipt }
            return Receipt(try completed(receipt.value, parsed.lines), isReplay: receipt.isReplay, in: receipt.history)
        }
        let results = receipt.value.lines.enumerated().map { BatchResult($1, at: $0) }
        return response(isAtomic ? .created : .ok, results, receipt)
    }

    /// - Throws: 422 for an atomic batch with an invalid line: then nothing is recorded.
    private func batch(of lines: [JSONFields], isAtomic: Bool, _ limits: HTTPLimits) throws(Problem) -> Batch {
        let lines = lines.map { line -> Batch.Line in
            var line = line
            do throws(Problem) {
                return .movement(try line.reading { Movement(&$0, limits) })
            } catch {
                return .invalid(error.items.map { InvalidField(pointer: $0.pointer, detail: $0.detail) })
            }
        }
        let batch = Batch(lines)
        guard isAtomic else { return batch }
        try requireValid(batch)
        return Batch(batch.movements, isAtomic: true)
    }

    private func requireValid(_ batch: Batch) throws(Problem) {
        let invalid = batch.lines.flatMap { line in
            if case .invalid(let fields) = line { fields } else { [InvalidField]() }
        }
        guard invalid.isEmpty else { throw Problem(invalidBody: invalid.map(Problem.Item.init)) }
    }

    /// Adds a batch's invalid lines, which earlier versions did not store, to its recorded outcomes: those that are
    /// invalid under the current limits, or else under any limits.
    /// - Throws: `UnreadableData` if neither matches the number of outcomes.
    private func completed(_ recorded: RecordedBatch, _ lines: [JSONFields]) throws -> RecordedBatch {
        for limits in [limits, .widest] {
            let batch = try batch(of: lines, isAtomic: false, limits)
            guard batch.movements.count == recorded.lines.count else { continue }
            var rest = recorded.lines[...]
            return RecordedBatch(
                lines: batch.lines.compactMap { line in
                    if case .invalid(let fields) = line { .invalid(fields) } else { rest.popFirst() }
                })
        }
        throw UnreadableData("which of a batch's \(lines.count) lines became its \(recorded.lines.count) outcomes")
    }

    private func response(
        _ status: HTTPResponse.Status, _ results: [BatchResult], _ receipt: Receipt<RecordedBatch>
    ) -> Response {
        var response = Response.json(status, capacity: 32 + 256 * results.count) { json in
            json.openObject()
            json.key("results")
            json.openArray()
            for result in results { json.value(result) }
            json.closeArray()
            json.closeObject()
        }
        response.add(nil, in: receipt.history)
        return response.replayed(receipt.isReplay)
    }
}

/// The outcome of one line of a batch.
enum BatchResult {
    case recorded(RecordedMovement)
    case refused(Problem)

    init(_ line: RecordedBatch.Line, at index: Int) {
        switch line {
        case .recorded(let movement):
            self = .recorded(movement)
        case .refused(let refusal):
            var problem = Problem(refusal)
            for item in problem.items.indices {
                problem.items[item].pointer = "/movements/\(index)" + problem.items[item].pointer
            }
            self = .refused(problem)
        case .invalid(let fields):
            self = .refused(Problem(invalidBody: fields.map(Problem.Item.init)))
        }
    }
}

extension Problem.Item {
    fileprivate init(_ field: InvalidField) {
        self.init(pointer: field.pointer, detail: field.detail)
    }
}

extension JSONWriter {
    mutating func value(_ result: BatchResult) {
        switch result {
        case .recorded(let movement):
            openObject()
            field("status", Int64(HTTPResponse.Status.created.code))
            fields(of: movement)
            closeObject()
        case .refused(let problem):
            value(problem)
        }
    }
}
