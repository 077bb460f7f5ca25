/// The state of the ledgers while commands are being decided: each command sees the effects of those before it.
struct LedgerDraft {
    private let state: LockedState
    private var heads: [StoreID: LedgerHead]
    private var onHand: [LevelKey: Int64]
    private var records: [IdempotencyKey.Scope: IdempotencyRecord]
    private var entries: [LedgerEntry] = []
    private var audit: [AuditEntry] = []
    private var newRecords: [IdempotencyRecord] = []

    init(_ state: LockedState) {
        self.state = state
        heads = state.heads
        onHand = state.onHand
        records = state.records
    }

    func decision(_ receipts: [Result<Receipt<Outcome>, Refusal>]) -> Decision {
        precondition(entries.count == audit.count, "each entry has its audit entry")
        let advanced = Set(entries.map(\.storeID))
        return Decision(
            receipts: receipts, entries: entries, audit: audit,
            heads: heads.filter { advanced.contains($0.key) }, records: newRecords)
    }

    mutating func execute(_ command: MovementCommand) throws(Refusal) -> Receipt<Outcome> {
        if let key = command.context.idempotency, let record = records[key.scope] {
            return Receipt(try record.outcome(for: key), isReplay: true, in: state.history)
        }
        let storesAll = command.context.recordsRefusals
        do throws(Refusal) {
            let outcome = try apply(command)
            if storesAll || outcome.isRecorded { store(outcome, command.context.idempotency) }
            return Receipt(outcome, in: state.history)
        } catch {
            if storesAll { store(.refused(error), command.context.idempotency) }
            throw error
        }
    }

    private mutating func store(_ outcome: Outcome, _ key: IdempotencyKey?) {
        guard let key else { return }
        let record = IdempotencyRecord(key, outcome)
        records[key.scope] = record
        newRecords.append(record)
    }

    private mutating func apply(_ command: MovementCommand) throws(Refusal) -> Outcome {
        if let refusal = command.refusal { throw refusal }
        return switch command.change {
        case .movement(let movement): .movement(try record(movement, command.context))
        case .transfer(let transfer): .transfer(try record(transfer, command.context))
        case .batch(let batch) where batch.isAtomic: .batch(try recordAll(batch.lines, command.context))
        case .batch(let batch): .batch(recordEach(batch.lines, command.context))
        }
    }

    private mutating func record(_ movement: Movement, _ context: CommandContext) throws(Refusal) -> RecordedMovement {
        try requireLevel(movement.level)
        let after = try level(
            after: movement.kind.type, of: movement.quantity, on: onHand[movement.level, default: 0],
            expected: movement.expectedOnHand)
        return append(
            movement.kind.type, movement.quantity, on: movement.level, after: after, notes: movement.notes,
            movement.recordedAt.map(context.recorded) ?? context)
    }

    private mutating func record(_ transfer: Transfer, _ context: CommandContext) throws(Refusal) -> RecordedTransfer {
        let from = LevelKey(transfer.from, transfer.productID)
        let to = LevelKey(transfer.to, transfer.productID)
        let source = try requireLevel(from)
        try requireLevel(to)
        let left = try level(after: .transferOut, of: transfer.quantity, on: onHand[from, default: 0])
        let arrived = try level(after: .transferIn, of: transfer.quantity, on: onHand[to, default: 0])
        // Nothing throws from here on: both sides are recorded, or neither.
        let id = "\(transfer.from)-\(source.position.next)"
        let out = append(
            .transferOut, transfer.quantity, on: from, after: left, transferID: id, notes: transfer.notes, context)
        let `in` = append(
            .transferIn, transfer.quantity, on: to, after: arrived, transferID: id, notes: transfer.notes, context)
        return RecordedTransfer(id: id, out: out, in: `in`)
    }

    private mutating func recordEach(_ lines: [Batch.Line], _ context: CommandContext) -> RecordedBatch {
        RecordedBatch(
            lines: lines.map { line in
                do throws(Refusal) {
                    switch line {
                    case .movement(let movement): return .recorded(try record(movement, context))
                    case .invalid(let fields): return .invalid(fields)
                    }
                } catch {
                    return .refused(error)
                }
            })
    }

    /// Records the lines on a copy, which replaces this draft only if none was refused.
    private mutating func recordAll(
        _ lines: [Batch.Line], _ context: CommandContext
    ) throws(Refusal) -> RecordedBatch {
        var trial = self
        let batch = trial.recordEach(lines, context)
        let refusals = batch.lines.enumerated().compactMap { index, line -> LineRefusal? in
            guard case .refused(let refusal) = line else { return nil }
            return LineRefusal(index: index, refusal: refusal)
        }
        guard refusals.isEmpty else { throw .batch(refusals) }
        self = trial
        return batch
    }

    @discardableResult
    private func requireLevel(_ level: LevelKey) throws(Refusal) -> LedgerHead {
        guard let head = heads[level.storeID] else { throw .unknownStore(level.storeID) }
        guard state.products.contains(level.productID) else { throw .unknownProduct(level.productID) }
        return head
    }

    private mutating func append(
        _ type: MovementType, _ quantity: Quantity, on level: LevelKey, after: Int64, transferID: String? = nil,
        notes: MovementNotes, _ context: CommandContext
    ) -> RecordedMovement {
        guard var head = heads[level.storeID] else { preconditionFailure("the store was checked") }
        let entry = LedgerEntry(
            storeID: level.storeID, position: head.position.next, productID: level.productID, type: type,
            quantity: quantity.units, onHandAfter: after, transferID: transferID, notes: notes,
            recordedAt: head.nextTime(context, now: state.now))
        audit.append(head.append(AuditAction(type), detail: entry.auditDetail, context, at: state.now))
        heads[level.storeID] = head
        onHand[level] = after
        entries.append(entry)
        return RecordedMovement(entry)
    }
}
