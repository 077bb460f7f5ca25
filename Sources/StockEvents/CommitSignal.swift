package import Inventory
import Synchronization

/// The ledgers that this process's commits changed, for one task that follows all of them. It holds one position for each
/// ledger, however many commits there are.
package final class CommitSignal: Sendable {
    private let heads = Mutex<[StoreID: Position]>([:])
    private let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    func add(_ heads: some Sequence<LedgerHead>) {
        self.heads.withLock { known in
            for head in heads { known[head.storeID] = max(head.position, known[head.storeID] ?? .zero) }
        }
        wake()
    }

    package func wake() { continuation.yield() }

    /// One element after one or more calls of ``wake()``.
    package var wakes: AsyncStream<Void> { stream }

    /// The ledgers that changed since the last call, and how far they are.
    package func take() -> [StoreID: Position] {
        heads.withLock { heads in
            defer { heads.removeAll(keepingCapacity: true) }
            return heads
        }
    }
}
