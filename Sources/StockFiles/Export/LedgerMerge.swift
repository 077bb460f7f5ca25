import DequeModule
import HeapModule
import Inventory

/// Puts the ledgers of several stores into one order in which they could have been recorded: each store's entries in
/// theirs, by time among the stores, and the two sides of a transfer as one.
///
/// Entries are handed in a page at a time. When the pages end at different moments, what is given out still fits
/// together: a transfer of which one side is missing holds back all that follows in its store.
struct LedgerMerge {
    enum Step {
        /// More entries of this store are needed, or word that there are none.
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
    private var hungry: [StoreID]
    private var fronts = Heap<Front>()
    /// The sides of transfers that wait for the other one.
    private var sides: [String: LedgerEntry] = [:]

    init(of stores: [StoreID]) {
        hungry = stores.reversed()
    }

    /// - Parameter isLast: Whether there are no more after these.
    mutating func append(_ page: [LedgerEntry], of storeID: StoreID, isLast: Bool) {
        precondition(hungry.popLast() == storeID, "entries are handed in as they are asked for")
        if isLast { ended.insert(storeID) }
        entries[storeID, default: []].append(contentsOf: page)
        settle(storeID)
    }

    mutating func next() -> Step {
        while true {
            if let storeID = hungry.last { return .needs(storeID) }
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

    /// A store has a front, or asks for more, or is over.
    private mutating func settle(_ storeID: StoreID) {
        if let entry = entries[storeID]?.first {
            fronts.insert(Front(time: entry.recordedAt, storeID: storeID))
        } else if !ended.contains(storeID) {
            hungry.append(storeID)
        }
    }
}
