/// The write path: commits changes to the ledgers.
///
/// When a call returns, its change is durable; when it throws anything but `.outcomeUnknown`, nothing was written.
/// Cancelling the caller has no effect: a change that was accepted is committed.
public protocol StockWriting: Sendable {
    func record(_ movement: Movement, _ context: CommandContext) async throws(LedgerError) -> Receipt<RecordedMovement>
    func record(_ transfer: Transfer, _ context: CommandContext) async throws(LedgerError) -> Receipt<RecordedTransfer>
    func record(_ batch: Batch, _ context: CommandContext) async throws(LedgerError) -> Receipt<RecordedBatch>
    func change(_ change: CatalogChange, _ context: CommandContext) async throws(LedgerError) -> Receipt<CatalogItem>

    /// The outcome stored under a key, for callers that cannot parse the request; `nil` if there is none.
    /// - Throws: `.refused(.idempotencyKeyReused)` if it belongs to another request.
    func replay(of key: IdempotencyKey) async throws(LedgerError) -> Receipt<Outcome>?
}
