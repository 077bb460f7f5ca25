/// Earlier programs imported through a server under the keys of whoever asked, and the server forgot those after a day.
/// What they recorded is known for good by the ids of their requests in the audit log.
extension MovementCommand {
    /// What stands for the record of an import's name that has none.
    /// - Parameter entries: Those that came through a server in requests with the name's id, by store and position.
    /// - Returns: `nil` if nothing was recorded under the name.
    public func importRecord(of entries: [LedgerEntry]) -> IdempotencyRecord? {
        let entries = entries.filter { context.importName?.mayBe(of: $0.storeID) == true }
        guard let key = context.idempotency, let first = entries.first else { return nil }
        switch change {
        case .movement(let movement) where movement.isRecorded(as: first):
            return IdempotencyRecord(key, .movement(RecordedMovement(first)))
        case .transfer(let transfer):
            if let recorded = transfer.recorded(in: entries) { return IdempotencyRecord(key, .transfer(recorded)) }
        case .batch(let batch):
            // Without rows that were refused.
            let lines = entries.filter { entry in batch.movements.contains { $0.isOfQuantity(of: entry) } }
            guard !lines.isEmpty else { return nil }
            return IdempotencyRecord(key, .batch(RecordedBatch(lines: lines.map { .recorded(RecordedMovement($0)) })))
        case .movement:
            break
        }
        return IdempotencyRecord(key.ofOtherContents, .movement(RecordedMovement(first)))
    }
}

extension ImportName {
    /// The rows of a part that are of other stores have names of their own, and the same request id.
    fileprivate func mayBe(of storeID: StoreID) -> Bool {
        if case .part(_, _, let own) = self { own == storeID } else { true }
    }
}

extension IdempotencyKey {
    fileprivate var ofOtherContents: IdempotencyKey {
        IdempotencyKey(principal: principal, key: key, fingerprint: [], isPermanent: isPermanent)
    }
}

extension Movement {
    fileprivate func isRecorded(as entry: LedgerEntry) -> Bool {
        storeID == entry.storeID && isOfQuantity(of: entry) && notes == entry.notes
    }

    fileprivate func isOfQuantity(of entry: LedgerEntry) -> Bool {
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
