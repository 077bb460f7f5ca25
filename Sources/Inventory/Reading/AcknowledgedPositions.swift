import Synchronization

/// How far this process knows each ledger to have advanced, because it was told so or has acknowledged it: no read that
/// starts afterwards may be older, whoever answers it.
///
/// Holds one number for each store that was ever written to here.
public final class AcknowledgedPositions: Sendable {
    private let positions = Mutex<[StoreID: Position]>([:])

    public init() {}

    public func advance(_ storeID: StoreID, to position: Position) {
        positions.withLock { $0[storeID] = max(position, $0[storeID, default: .zero]) }
    }

    public func advance(_ heads: some Sequence<LedgerHead>) {
        positions.withLock { positions in
            for head in heads {
                positions[head.storeID] = max(head.position, positions[head.storeID, default: .zero])
            }
        }
    }

    public subscript(_ storeID: StoreID) -> Position {
        positions.withLock { $0[storeID, default: .zero] }
    }

    /// Of all ledgers, for a read that spans them.
    public var all: [StoreID: Position] {
        positions.withLock { $0 }
    }
}
