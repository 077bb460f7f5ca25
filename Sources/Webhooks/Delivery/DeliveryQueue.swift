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

        var isBehind: Bool { cursor.position < end && state.parkedAt == nil }
        var isFailing: Bool { state.attempts > 0 }
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

    private let limit: DeliveryRuns
    private let schedule: DeliverySchedule
    private var stores: [StoreID: Store] = [:]
    private var lastStarted = StoreID.catalog
    /// Whose events are being sent.
    private var running: Set<StoreID> = []
    /// Whose events can be sent at once.
    private var due: Set<StoreID> = []
    /// Whose next attempt has its time, and the first of these.
    private var delayed: Set<StoreID> = []
    private var firstDelayed: Timestamp?
    /// Whose ledger could not be read.
    private var unreadable: Set<StoreID> = []
    private var movedStores: Set<StoreID> = []
    private var changedStores: Set<StoreID> = []

    /// - Parameters:
    ///   - cursors: As stored; a store without one begins at its beginning.
    ///   - maximumRuns: How many stores' events are sent at a time.
    init(cursors: [SubscriptionCursor], states: [DeliveryState], maximumRuns: Int, schedule: DeliverySchedule) {
        limit = DeliveryRuns(limit: maximumRuns)
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
    var isIdle: Bool { running.isEmpty }

    /// The stores whose events are still to be sent, each with what the receiver has of it, and how many follow. Those that
    /// wait for a replay are not among them.
    var backlog: [(key: EntryKey, events: Int64)] {
        due.union(delayed).union(running).union(unreadable).compactMap { id in
            guard let store = stores[id], store.isBehind else { return nil }
            let position = store.cursor.position
            return (EntryKey(storeID: id, position: position), store.end.rawValue - position.rawValue)
        }
    }

    var runs: DeliveryRuns {
        DeliveryRuns(all: running.count, failing: running.count { stores[$0]?.isFailing ?? false })
    }

    /// The ledgers end there now. What this costs, and all that follows, depends on these ledgers, not on the others.
    mutating func advanceEnds(to ends: [StoreID: Position]) {
        for (id, position) in ends {
            add(SubscriptionCursor(beginning: id))
            stores[id]?.end = position
            schedule(id)
        }
    }

    private mutating func schedule(_ id: StoreID) {
        guard let store = stores[id], store.isBehind, !running.contains(id), !unreadable.contains(id) else { return }
        if let next = store.state.nextAttemptAt {
            delayed.insert(id)
            firstDelayed = min(next, firstDelayed ?? .latest)
        } else {
            due.insert(id)
        }
    }

    /// There is news of the ledgers: those that could not be read are read again.
    mutating func readAgain() {
        let stores = unreadable
        unreadable = []
        for id in stores { schedule(id) }
    }

    private mutating func endDelays(at now: Timestamp) {
        func isOver(_ next: Timestamp) -> Bool { next <= now || next > now + DeliverySchedule.maximumDelay }
        guard let first = firstDelayed, isOver(first) else { return }
        firstDelayed = nil
        for id in delayed {
            guard let next = stores[id]?.state.nextAttemptAt else { continue }
            if isOver(next) {
                delayed.remove(id)
                due.insert(id)
            } else {
                firstDelayed = min(next, firstDelayed ?? .latest)
            }
        }
    }

    /// Sends the events after a cursor, once the run under way has stopped.
    mutating func replay(after cursor: SubscriptionCursor) {
        add(SubscriptionCursor(beginning: cursor.storeID))
        stores[cursor.storeID]?.replay = cursor
        beginReplay(of: cursor.storeID)
    }

    private mutating func beginReplay(of id: StoreID) {
        guard let store = stores[id], !running.contains(id), let replay = store.replay else { return }
        stores[id]?.cursor = replay
        stores[id]?.replay = nil
        stores[id]?.begunReplay = replay.position
        stores[id]?.state = DeliveryState(storeID: id)
        movedStores.insert(id)
        changedStores.insert(id)
        due.remove(id)
        delayed.remove(id)
        schedule(id)
    }

    /// The stores whose events are to be sent now, each after its cursor. Those after the last one started come first.
    /// - Parameter free: How many may be started at most.
    mutating func start(at now: Timestamp, free: DeliveryRuns = DeliveryRuns(limit: .max)) -> [SubscriptionCursor] {
        endDelays(at: now)
        guard !due.isEmpty else { return [] }
        var free = free.limited(to: limit - runs)
        guard free.all > 0 else { return [] }
        let ids = due.sorted()
        let next = ids.firstIndex { $0 > lastStarted } ?? 0
        let started = (ids[next...] + ids[..<next]).filter { free.take(stores[$0]?.isFailing ?? false) }
        lastStarted = started.last ?? lastStarted
        due.subtract(started)
        running.formUnion(started)
        return started.compactMap { stores[$0]?.cursor }
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
        running.remove(id)
        defer { beginReplay(of: id) }
        switch end {
        case .stopped:
            schedule(id)
            return nil
        case .unreadable:
            unreadable.insert(id)
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
            schedule(id)
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
