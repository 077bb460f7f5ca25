import Access
import Inventory

/// Which stores' events are sent to a webhook now, and what becomes of it. Each store's are sent in order, one after the
/// other, whatever happens to those of others.
///
/// It does no I/O and reads no clock.
struct DeliveryQueue {
    private struct Store {
        var cursor: SubscriptionCursor
        var end = Position.zero
        var state: DeliveryState
        /// The cursor with which somebody wants to begin again.
        var replay: SubscriptionCursor?
        /// Where it did, until that is stored.
        var begunReplay: Position?
        var isRunning = false
        /// Its ledger could not be read: nothing is sent until there is news of the ledgers.
        var isUnreadable = false

        func isDue(at now: Timestamp) -> Bool {
            !isRunning && !isUnreadable && cursor.position < end && state.parkedAt == nil
                && state.nextAttemptAt.map { $0 <= now } ?? true
        }
    }

    /// What changed, to be stored.
    struct Changes {
        var cursors: [SubscriptionCursor] = []
        var states: [DeliveryState] = []
        var isEmpty: Bool { cursors.isEmpty && states.isEmpty }
    }

    /// Why a store's run ended.
    enum End {
        /// Its page of events is done, or it was told to stop.
        case stopped
        /// The receiver does not have the event after the cursor.
        case failed(DeliveryFailure)
        /// The ledger could not be read.
        case unreadable
    }

    private let maximumRuns: Int
    private let schedule: DeliverySchedule
    private var stores: [StoreID: Store] = [:]
    private var lastStarted = StoreID.catalog
    private var movedStores: Set<StoreID> = []
    private var changedStores: Set<StoreID> = []

    /// - Parameters:
    ///   - cursors: As stored; a store without one begins at its beginning.
    ///   - maximumRuns: How many stores' events are sent at a time.
    init(cursors: [SubscriptionCursor], states: [DeliveryState], maximumRuns: Int, schedule: DeliverySchedule) {
        self.maximumRuns = maximumRuns
        self.schedule = schedule
        for cursor in cursors { add(cursor) }
        for var state in states {
            add(SubscriptionCursor(beginning: state.storeID))
            state.replayAfter = nil
            stores[state.storeID]?.state = state
        }
    }

    private mutating func add(_ cursor: SubscriptionCursor) {
        guard stores[cursor.storeID] == nil else { return }
        stores[cursor.storeID] = Store(cursor: cursor, state: DeliveryState(storeID: cursor.storeID))
    }

    /// Whether no store's events are being sent.
    var isIdle: Bool { !stores.values.contains { $0.isRunning } }

    /// The ledgers end there now.
    mutating func advanceEnds(to ends: [StoreID: Position]) {
        for (id, position) in ends {
            add(SubscriptionCursor(beginning: id))
            stores[id]?.end = position
            stores[id]?.isUnreadable = false
        }
    }

    /// Sends the events after a cursor, once the run under way has stopped.
    mutating func replay(after cursor: SubscriptionCursor) {
        add(SubscriptionCursor(beginning: cursor.storeID))
        stores[cursor.storeID]?.replay = cursor
        beginReplay(of: cursor.storeID)
    }

    private mutating func beginReplay(of id: StoreID) {
        guard let store = stores[id], !store.isRunning, let replay = store.replay else { return }
        stores[id]?.cursor = replay
        stores[id]?.replay = nil
        stores[id]?.begunReplay = replay.position
        stores[id]?.state = DeliveryState(storeID: id)
        movedStores.insert(id)
        changedStores.insert(id)
    }

    /// The stores whose events are to be sent now, each after its cursor. Those after the last one started come first.
    mutating func start(at now: Timestamp) -> [SubscriptionCursor] {
        let due = stores.filter { $0.value.isDue(at: now) }.keys.sorted()
        let free = maximumRuns - stores.values.count { $0.isRunning }
        guard free > 0, !due.isEmpty else { return [] }
        let next = due.firstIndex { $0 > lastStarted } ?? 0
        let started = (due[next...] + due[..<next]).prefix(free)
        lastStarted = started.last ?? lastStarted
        return started.compactMap { id in
            stores[id]?.isRunning = true
            return stores[id]?.cursor
        }
    }

    /// The receiver of a run has the event of the cursor, or does not want it.
    /// - Returns: Whether to go on.
    mutating func advance(to cursor: SubscriptionCursor) -> Bool {
        guard let store = stores[cursor.storeID] else { return false }
        stores[cursor.storeID]?.cursor = cursor
        movedStores.insert(cursor.storeID)
        if store.state != DeliveryState(storeID: cursor.storeID) {
            stores[cursor.storeID]?.state = DeliveryState(storeID: cursor.storeID)
            changedStores.insert(cursor.storeID)
        }
        return store.replay == nil
    }

    /// A run has ended.
    /// - Parameter chance: From 0 to 1.
    /// - Returns: The state of a store whose event was not delivered.
    mutating func finish(_ id: StoreID, _ end: End, at now: Timestamp, chance: Double) -> DeliveryState? {
        stores[id]?.isRunning = false
        defer { beginReplay(of: id) }
        switch end {
        case .stopped:
            return nil
        case .unreadable:
            stores[id]?.isUnreadable = true
            return nil
        case .failed(let failure):
            guard var state = stores[id]?.state else { return nil }
            state.attempts += 1
            state.lastFailure = failure.reason
            let delay = schedule.delay(after: state.attempts, retryAfter: failure.retryAfter, chance: chance)
            state.nextAttemptAt = delay.map { now + $0 }
            if delay == nil { state.parkedAt = now }
            stores[id]?.state = state
            changedStores.insert(id)
            return state
        }
    }

    /// What has to be stored; the cursors first.
    mutating func takeChanges() -> Changes {
        defer { (movedStores, changedStores) = ([], []) }
        let cursors = movedStores.compactMap { stores[$0]?.cursor }
        let states = changedStores.compactMap { id in
            guard var state = stores[id]?.state else { return nil as DeliveryState? }
            state.replayAfter = stores[id]?.begunReplay
            stores[id]?.begunReplay = nil
            return state
        }
        return Changes(cursors: cursors, states: states)
    }

    /// They could not be stored.
    mutating func putBack(_ changes: Changes) {
        movedStores.formUnion(changes.cursors.map(\.storeID))
        changedStores.formUnion(changes.states.map(\.storeID))
        for state in changes.states { stores[state.storeID]?.begunReplay = state.replayAfter }
    }
}

extension SubscriptionCursor {
    /// Before a ledger's first entry.
    init(beginning storeID: StoreID) {
        self.init(storeID: storeID, position: .zero, hash: .origin)
    }
}

extension Timestamp {
    static func + (time: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(microseconds: time.microseconds + Int64(duration / .microseconds(1)))
    }
}
