import Inventory
import InventoryTesting
import Synchronization

/// A ledger that takes so many writes, and then fails as if the connection were lost.
struct FailingLedger: Sendable {
    private let ledger: any StockReading & StockWriting
    private let left: Left

    private final class Left: Sendable {
        let writes: Mutex<Int>
        init(_ writes: Int) { self.writes = Mutex(writes) }
    }

    init(_ ledger: any StockReading & StockWriting, writes: Int) {
        self.ledger = ledger
        left = Left(writes)
    }

    private func pay() throws(LedgerError) {
        let isPaid = left.writes.withLock { writes in
            writes -= 1
            return writes >= 0
        }
        guard isPaid else { throw .unavailable }
    }
}

extension FailingLedger: StockWriting {
    /// Not counted: a file is asked about by a movement that cannot be.
    func record(_ movement: Movement, _ context: CommandContext) async throws(LedgerError) -> Receipt<RecordedMovement>
    {
        try await ledger.record(movement, context)
    }

    func record(_ transfer: Transfer, _ context: CommandContext) async throws(LedgerError) -> Receipt<RecordedTransfer>
    {
        try pay()
        return try await ledger.record(transfer, context)
    }

    func record(_ batch: Batch, _ context: CommandContext) async throws(LedgerError) -> Receipt<RecordedBatch> {
        try pay()
        return try await ledger.record(batch, context)
    }

    func change(_ change: CatalogChange, _ context: CommandContext) async throws(LedgerError) -> Receipt<CatalogItem> {
        try pay()
        return try await ledger.change(change, context)
    }

    func replay(of key: IdempotencyKey) async throws(LedgerError) -> Receipt<Outcome>? {
        try await ledger.replay(of: key)
    }
}

extension FailingLedger: ForwardingReads {
    var reads: any StockReading { ledger }
}
