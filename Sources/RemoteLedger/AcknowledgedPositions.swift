import Inventory
import Synchronization

/// How far this process knows each ledger to have advanced: no read that starts afterwards may be older, whichever
/// instance of the service answers it.
///
/// Holds one number for each store that was ever written to here.
final class AcknowledgedPositions: Sendable {
    private let positions = Mutex<[StoreID: Position]>([:])

    func advance(_ storeID: StoreID, to position: Position) {
        positions.withLock { $0[storeID] = max(position, $0[storeID, default: .zero]) }
    }

    subscript(_ storeID: StoreID) -> Position {
        positions.withLock { $0[storeID, default: .zero] }
    }
}
