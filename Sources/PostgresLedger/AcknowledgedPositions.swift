import Inventory
import Synchronization

/// How far this process has acknowledged changes to each ledger: no read that starts afterwards may be older.
///
/// Holds one number for each store that was ever written to here.
final class AcknowledgedPositions: Sendable {
    private let positions = Mutex<[StoreID: Position]>([:])

    func advance(_ heads: some Sequence<LedgerHead>) {
        positions.withLock { positions in
            for head in heads {
                positions[head.storeID] = max(head.position, positions[head.storeID, default: .zero])
            }
        }
    }

    subscript(_ storeID: StoreID) -> Position {
        positions.withLock { $0[storeID, default: .zero] }
    }

    /// Of all ledgers, for a read that spans them.
    var all: [StoreID: Position] {
        positions.withLock { $0 }
    }
}
