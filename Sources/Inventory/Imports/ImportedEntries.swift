/// Earlier versions imported through a server under the caller's idempotency keys, which expired after a day. What they
/// recorded can still be found by the request ids in the audit log.
extension MovementCommand {
    /// A substitute for the missing record of an import's name.
    /// - Parameter entries: The entries recorded through a server with the name's request id, by store and position.
    /// - Returns: `nil` if nothing was recorded under the name.
    public func importRecord(of entries: [LedgerEntry]) -> IdempotencyRecord? {
        let entries = entries.filter { context.importName?.mayConcern($0.storeID) == true }
        guard let key = context.idempotency, let first = entries.first else { return nil }
        switch change {
        case .movement(let movement) where movement.isRecorded(as: first):
            return IdempotencyRecord(key, .movement(RecordedMovement(first)))
        case .transfer(let transfer):
            if let recorded = transfer.recorded(in: entries) { return IdempotencyRecord(key, .transfer(recorded)) }
        case .batch(let batch):
            // Rows that were refused have no entries.
            let lines = entries.filter { entry in batch.movements.contains { $0.hasProductTypeAndQuantity(of: entry) } }
            guard !lines.isEmpty else { return nil }
            return IdempotencyRecord(key, .batch(RecordedBatch(lines: lines.map { .recorded(RecordedMovement($0)) })))
        case .movement:
            break
        }
        return IdempotencyRecord(key.withOtherContents, .movement(RecordedMovement(first)))
    }
}

extension ImportName {
    /// Rows of other stores in the same part have names of their own, but the same request id.
    fileprivate func mayConcern(_ storeID: StoreID) -> Bool {
        if case .part(_, _, let own) = self { own == storeID } else { true }
    }
}

extension IdempotencyKey {
    fileprivate var withOtherContents: IdempotencyKey {
        IdempotencyKey(principal: principal, key: key, fingerprint: [], isPermanent: isPermanent)
    }
}

extension Movement {
    fileprivate func isRecorded(as entry: LedgerEntry) -> Bool {
        storeID == entry.storeID && hasProductTypeAndQuantity(of: entry) && notes == entry.notes
    }

    fileprivate func hasProductTypeAndQuantity(of entry: LedgerEntry) -> Bool {
        productID == entry.productID && kind.type == entry.type && quantity.units == entry.quantity
    }
}

extension Transfer {
    fileprivate func recorded(in entries: [LedgerEntry]) -> RecordedTransfer? {
        guard let out = entries.first(where: { $0.type == .transferOut && $0.storeID == from }),
            let `in` = entries.first(where: { $0.type == .transferIn && $0.storeID == to }),
            let id = out.transferID, id == `in`.transferID,
            productID == out.productID, quantity.units == out.quantity, notes == out.notes
        else { return nil }
        return RecordedTransfer(id: id, out: RecordedMovement(out), in: RecordedMovement(`in`))
    }
}
