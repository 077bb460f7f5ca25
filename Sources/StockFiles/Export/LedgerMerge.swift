import DequeModule
import HeapModule
import Inventory

/// Merges the ledgers of several stores into one order in which they could have been recorded: each store's entries in
/// their order, ordered by time across stores, and the two sides of a transfer as one.
///
/// Entries are appended a page at a time. The result is consistent even if the pages end at different moments: a
/// transfer with a missing side holds back everything after it in its store.
struct LedgerMerge {
    enum Step {
        /// More entries of this store are needed, or the information that there are none.
        case needs(StoreID)
        case movement(LedgerEntry)
        case transfer(out: LedgerEntry, in: LedgerEntry)
        case finished
    }

    /// A store whose next entry is known.
    private struct Front: Comparable {
        let time: Timestamp
        let storeID: StoreID

        static func < (lhs: Front, rhs: Front) -> Bool {
            (lhs.time, lhs.storeID) < (rhs.time, rhs.storeID)
        }
    }

    private var entries: [StoreID: Deque<LedgerEntry>] = [:]
    private var ended: Set<StoreID> = []
    private var awaited: [StoreID]
    private var fronts = Heap<Front>()
    /// Sides of transfers, waiting for the other one.
    private var sides: [String: LedgerEntry] = [:]

    init(of stores: [StoreID]) {
        awaited = stores.reversed()
    }

    /// - Parameter isLast: Whether no more entries follow.
    mutating func append(_ page: [LedgerEntry], of storeID: StoreID, isLast: Bool) {
        precondition(awaited.popLast() == storeID, "entries are appended in the order of `needs`")
        if isLast { ended.insert(storeID) }
        entries[storeID, default: []].append(contentsOf: page)
        settle(storeID)
    }

    mutating func next() -> Step {
        while true {
            if let storeID = awaited.last { return .needs(storeID) }
            guard let front = fronts.popMin() else { return .finished }
            guard let entry = entries[front.storeID]?.first else { preconditionFailure("a front has an entry") }
            guard let transfer = entry.transferID else {
                advance(front.storeID)
                return .movement(entry)
            }
            guard let other = sides.removeValue(forKey: transfer) else {
                sides[transfer] = entry
                continue
            }
            advance(entry.storeID)
            advance(other.storeID)
            return entry.type == .transferOut ? .transfer(out: entry, in: other) : .transfer(out: other, in: entry)
        }
    }

    private mutating func advance(_ storeID: StoreID) {
        entries[storeID]?.removeFirst()
        settle(storeID)
    }

    /// Updates a store's state: it has a next entry, needs more, or has ended.
    private mutating func settle(_ storeID: StoreID) {
        if let entry = entries[storeID]?.first {
            fronts.insert(Front(time: entry.recordedAt, storeID: storeID))
        } else if !ended.contains(storeID) {
            awaited.append(storeID)
        }
    }
}
