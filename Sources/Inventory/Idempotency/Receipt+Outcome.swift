extension Receipt where Value == Outcome {
    /// Each throws `.idempotencyKeyReused` if the outcome is that of another kind of request.
    public func movementReceipt() throws(LedgerError) -> Receipt<RecordedMovement> {
        guard case .movement(let movement) = value else { throw .refused(.idempotencyKeyReused) }
        return Receipt<RecordedMovement>(movement, isReplay: isReplay, in: history)
    }

    public func transferReceipt() throws(LedgerError) -> Receipt<RecordedTransfer> {
        guard case .transfer(let transfer) = value else { throw .refused(.idempotencyKeyReused) }
        return Receipt<RecordedTransfer>(transfer, isReplay: isReplay, in: history)
    }

    public func catalogReceipt() throws(LedgerError) -> Receipt<CatalogItem> {
        guard case .catalog(let item) = value else { throw .refused(.idempotencyKeyReused) }
        return Receipt<CatalogItem>(item, isReplay: isReplay, in: history)
    }

    public func batchReceipt() throws(LedgerError) -> Receipt<RecordedBatch> {
        guard case .batch(let batch) = value else { throw .refused(.idempotencyKeyReused) }
        return Receipt<RecordedBatch>(batch, isReplay: isReplay, in: history)
    }
}
