import HTTPTypes
import HummingbirdCore
import Inventory
import InventoryJSON

extension InventoryAPI {
    func recordBatch(_ call: Call) async throws -> Response {
        try call.parameters().finish()
        let body = try await call.body()
        var fields = try body.fields()
        let batch = try fields.reading { BatchBody(&$0, limits) }
        charge(lines: batch.lines.count, to: call)
        let lines = batch.lines.map { line in
            var line = line
            return Result { () throws(Problem) in try line.reading { Movement(&$0, limits) } }
        }
        let ledger = ledger(for: call)
        guard batch.isAtomic || batch.importName != nil else {
            return try await recordEach(lines, try call.context(body: body), in: ledger)
        }
        let movements = Batch(try valid(lines), isAtomic: batch.isAtomic)
        let context = try call.context(body: body, of: .batch(movements), importedAs: batch.importName)
        return try await record(movements, context, in: ledger)
    }

    private func valid(_ lines: [Result<Movement, Problem>]) throws(Problem) -> [Movement] {
        let invalid = lines.flatMap { line in
            if case .failure(let problem) = line { problem.items } else { [] as [Problem.Item] }
        }
        guard invalid.isEmpty else { throw Problem(invalidBody: invalid) }
        return lines.compactMap { try? $0.get() }
    }

    /// An import's part may have had other lines than these the first time, without its invalid rows or with them.
    private func record(
        _ batch: Batch, _ context: CommandContext, in ledger: any StockWriting
    ) async throws -> Response {
        let receipt = try await ledger.record(batch, context)
        let results = receipt.value.lines.enumerated().map { BatchResult($1, at: $0) }
        return response(batch.isAtomic ? .created : .ok, results).replayed(receipt.isReplay)
    }

    /// Lines that are invalid by themselves do not reach the ledger; the others are recorded each by itself.
    private func recordEach(
        _ lines: [Result<Movement, Problem>], _ context: CommandContext, in ledger: any StockWriting
    ) async throws -> Response {
        let movements = lines.compactMap { try? $0.get() }
        let receipt =
            movements.isEmpty
            ? Receipt(RecordedBatch(lines: []))
            : try await ledger.record(Batch(movements, isAtomic: false), context)
        precondition(receipt.value.lines.count == movements.count, "each movement has its outcome")
        var outcomes = receipt.value.lines.makeIterator()
        let results = lines.enumerated().map { index, line in
            switch line {
            case .success: BatchResult(outcomes.next()!, at: index)
            case .failure(let problem): BatchResult.refused(problem)
            }
        }
        return response(.ok, results).replayed(receipt.isReplay)
    }

    private func response(_ status: HTTPResponse.Status, _ results: [BatchResult]) -> Response {
        Response.json(status, capacity: 32 + 256 * results.count) { json in
            json.openObject()
            json.key("results")
            json.openArray()
            for result in results { json.value(result) }
            json.closeArray()
            json.closeObject()
        }
    }
}

/// What became of one line of a batch.
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
        }
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
