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
        let queued = try await queued(context, body) {
            var fields = fields
            let parsed: BatchBody = try context.read(&fields)
            let batch = try Batch(parsed.lines, isAtomic: isAtomic, limits.input)
            charge(lines: parsed.lines.count, to: context)
            return (.batch(batch), parsed.importName)
        }
        if let queued { return queued }
        let receipt = try await receipt(to: context, body) { answer throws(LedgerError) in
            try answer.batchReceipt()
        } executing: {
            let parsed: BatchBody = try context.read(&fields)
            charge(lines: parsed.lines.count, to: context)
            let batch = try Batch(parsed.lines, isAtomic: isAtomic, limits.input)
            if parsed.importName != nil { try batch.requireValid() }
            let command = try context.commandContext(body: body, of: .batch(batch), importedAs: parsed.importName)
            let receipt = try await ledger(for: context).record(batch, command)
            // The first request for this part of an import may have had other lines: with or without its invalid rows.
            guard parsed.importName == nil, receipt.value.lines.count != batch.lines.count else { return receipt }
            return Receipt(try completed(receipt.value, parsed.lines), isReplay: receipt.isReplay, in: receipt.history)
        }
        let results = receipt.value.lines.enumerated().map { BatchResult($1, at: $0) }
        return response(isAtomic ? .created : .ok, results, receipt)
    }

    /// Adds a batch's invalid lines, which earlier versions did not store, to its recorded outcomes: those that are
    /// invalid under the current limits, or else under any limits.
    /// - Throws: `UnreadableData` if neither matches the number of outcomes.
    private func completed(_ recorded: RecordedBatch, _ lines: [JSONFields]) throws -> RecordedBatch {
        for limits in [limits, .widest] {
            let batch = try Batch(lines, isAtomic: false, limits.input)
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
        var response = Response.json(status, capacity: 32 + 256 * results.count) { $0.value(results) }
        response.add(nil, in: receipt.history)
        return response.replayed(receipt.isReplay)
    }
}
