extension Decision.Answer {
    /// Each throws `.idempotencyKeyReused` if the outcome is that of another kind of request.
    public func movementReceipt() throws(LedgerError) -> Receipt<RecordedMovement> {
        guard case .movement(let movement) = outcome else { throw .refused(.idempotencyKeyReused) }
        return Receipt(movement, isReplay: isReplay, in: history)
    }

    public func transferReceipt() throws(LedgerError) -> Receipt<RecordedTransfer> {
        guard case .transfer(let transfer) = outcome else { throw .refused(.idempotencyKeyReused) }
        return Receipt(transfer, isReplay: isReplay, in: history)
    }

    public func catalogReceipt() throws(LedgerError) -> Receipt<CatalogItem> {
        guard case .catalog(let item) = outcome else { throw .refused(.idempotencyKeyReused) }
        return Receipt(item, isReplay: isReplay, in: history)
    }

    public func batchReceipt() throws(LedgerError) -> Receipt<RecordedBatch> {
        guard case .batch(let batch) = outcome else { throw .refused(.idempotencyKeyReused) }
        return Receipt(batch, isReplay: isReplay, in: history)
    }
}
