import Basics
public import Inventory
import InventoryContract
import JSON

extension RemoteLedger: StockWriting {
    public func record(
        _ movement: Movement, _ context: CommandContext
    ) async throws(LedgerError) -> Receipt<RecordedMovement> {
        let request = ServerRequest.post("/stores/\(movement.storeID)/stock", key: context.key) { json in
            json.openObject()
            json.fields(of: movement)
            json.field(ofImport: context.importName)
            json.closeObject()
        }
        let response = try await send(request, .movement(movement), context)
        let recorded = try server.reading { () throws(UnreadableData) in
            try RecordedMovement(try response.fields())
        }
        return Receipt(recorded, isReplay: response.isReplay, in: response.history)
    }

    public func record(
        _ transfer: Transfer, _ context: CommandContext
    ) async throws(LedgerError) -> Receipt<RecordedTransfer> {
        let response: ServerResponse
        do throws(LedgerError) {
            response = try await send(
                .post("/stock-transfers", key: context.key) { $0.value(transfer, importedAs: context.importName) },
                .transfer(transfer), context)
        } catch .refused(.unknownStore) {
            throw .refused(.unknownStore(try await unknownStore(of: transfer)))
        }
        let recorded = try server.reading { () throws(UnreadableData) in
            try RecordedTransfer(try response.fields())
        }
        return Receipt(recorded, isReplay: response.isReplay, in: response.history)
    }

    public func record(_ batch: Batch, _ context: CommandContext) async throws(LedgerError) -> Receipt<RecordedBatch> {
        let response = try await send(
            .post("/stock-movements/batch", key: context.key) { $0.value(batch, importedAs: context.importName) },
            .batch(batch), context)
        let lines = try server.reading { () throws(UnreadableData) in
            let results = try response.fields().optionalObjects("results") ?? []
            // The part of the file with this import name may have been sent with or without its invalid rows.
            guard results.count == batch.movements.count || response.isReplay && context.importName != nil else {
                throw UnreadableData("results are missing")
            }
            var outcomes: ArraySlice<RecordedBatch.Line> = []
            for (result, movement) in zip(results, batch.movements) { outcomes.append(try .init(result, movement)) }
            return batch.lines.compactMap { line -> RecordedBatch.Line? in
                if case .invalid(let fields) = line { .invalid(fields) } else { outcomes.popFirst() }
            }
        }
        return Receipt(RecordedBatch(lines: lines), isReplay: response.isReplay, in: response.history)
    }

    public func replay(of key: IdempotencyKey) async throws(LedgerError) -> Receipt<Outcome>? {
        throw .rejected(reason: "A server replays a key's response only to the same request.")
    }

    /// Finds which store of a transfer does not exist, which the problem does not say.
    private func unknownStore(of transfer: Transfer) async throws(LedgerError) -> StoreID {
        do throws(LedgerError) {
            _ = try await store(transfer.from, Freshness())
            return transfer.to
        } catch .notFound {
            return transfer.from
        }
    }

    /// - Throws: `.rejected` for data that the contract cannot express: it would be lost.
    func send(
        _ request: ServerRequest, _ subject: Subject, _ context: CommandContext
    ) async throws(LedgerError) -> ServerResponse {
        guard context.recordedAt == nil, subject.movements.allSatisfy({ $0.recordedAt == nil }) else {
            throw .rejected(
                reason: "A server records at its own time: load history that keeps its times into the "
                    + "database of the server.")
        }
        guard context.importName != nil || context.idempotency?.isPermanent != true else {
            throw .rejected(
                reason: "A server does not keep an Idempotency-Key permanently: do this in the server's database.")
        }
        var headed = request
        headed.headers.append((HeaderName.requestID, context.requestID))
        // In an unstructured task: if cancelled, the caller would not learn the outcome of the change.
        return try await Task { [server, headed] in
            await Result.of { () async throws(LedgerError) in try await server.send(headed, subject) }
        }.value.get()
    }
}

extension Subject {
    fileprivate var movements: [Movement] {
        switch self {
        case .movement(let movement): [movement]
        case .batch(let batch): batch.movements
        case .read, .transfer, .catalog: []
        }
    }
}

extension CommandContext {
    /// The caller's key, or a random one, which makes retries safe. An import's name also does.
    var key: String? {
        if importName != nil { return nil }
        if let idempotency { return idempotency.key }
        return "\(String.randomID())-\(String.randomID())"
    }
}

extension RecordedBatch.Line {
    fileprivate init(_ result: ObjectFields, _ movement: Movement) throws(UnreadableData) {
        guard try result.integer("status") != 201 else {
            self = .recorded(try RecordedMovement(result))
            return
        }
        let problem = try RemoteProblem(result)
        guard let refusal = Refusal(problem.code, problem.onHand, problem.requested, movement) else {
            throw UnreadableData("a line was refused: \(problem.text)")
        }
        self = .refused(refusal)
    }
}
