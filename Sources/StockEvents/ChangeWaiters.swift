public import Inventory
import Synchronization

/// Readers that wait for changes, each for some ledgers.
public final class ChangeWaiters: Sendable {
    private struct Waiter {
        let follower: ChangeFollower
        let positions: [StoreID: Position]
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<Result<Void, LedgerError>, Never>

        func end() { continuation.resume(returning: .success(())) }
    }

    private struct State {
        private(set) var waiters: [ObjectIdentifier: Waiter] = [:]
        /// Of each store.
        private(set) var waiting: [StoreID: Set<ObjectIdentifier>] = [:]
        var signals: [ObjectIdentifier: CommitSignal] = [:]
        var isClosed = false

        mutating func add(_ waiter: Waiter) {
            let id = ObjectIdentifier(waiter.follower)
            waiters[id] = waiter
            for store in waiter.positions.keys { waiting[store, default: []].insert(id) }
        }

        mutating func remove(_ id: ObjectIdentifier) -> Waiter? {
            guard let waiter = waiters.removeValue(forKey: id) else { return nil }
            for store in waiter.positions.keys {
                waiting[store]?.remove(id)
                if waiting[store]?.isEmpty == true { waiting[store] = nil }
            }
            return waiter
        }
    }

    private let state = Mutex(State())
    private let capacity: Int

    /// - Parameter capacity: How many may wait.
    public init(capacity: Int = 20_000) {
        self.capacity = capacity
    }

    var isClosed: Bool { state.withLock(\.isClosed) }

    /// This process committed changes up to these heads.
    public func wake(_ heads: some Sequence<LedgerHead>) {
        let woken = state.withLock { state in
            for signal in state.signals.values { signal.add(heads) }
            return heads.flatMap { head in
                state.waiting[head.storeID, default: []].filter {
                    state.waiters[$0].map { $0.positions[head.storeID, default: .zero] < head.position } ?? false
                }
            }.compactMap { state.remove($0) }
        }
        for waiter in woken { waiter.end() }
    }

    /// Runs `body` with a signal of all commits from now on.
    package func withSignal<T>(_ body: (CommitSignal) async throws -> T) async rethrows -> T {
        let signal = CommitSignal()
        state.withLock { $0.signals[ObjectIdentifier(signal)] = signal }
        defer { state.withLock { $0.signals[ObjectIdentifier(signal)] = nil } }
        return try await body(signal)
    }

    func close() {
        let all = state.withLock { state in
            state.isClosed = true
            return Array(state.waiters.keys).compactMap { state.remove($0) }
        }
        for waiter in all { waiter.end() }
    }

    fileprivate func release(_ follower: ChangeFollower) {
        state.withLock { $0.remove(ObjectIdentifier(follower)) }?.end()
    }

    /// Ends the waits whose time is over.
    /// - Returns: The stores that the others wait for.
    func awaitedStores(expiring now: ContinuousClock.Instant) -> Set<StoreID> {
        let (expired, stores) = state.withLock { state in
            let expired = state.waiters.filter { $0.value.deadline <= now }.keys
            return (expired.compactMap { state.remove($0) }, Set(state.waiting.keys))
        }
        for waiter in expired { waiter.end() }
        return stores
    }

    /// Waits until a ledger is beyond its position, the deadline has passed, the follower leaves, or all waiting ends.
    ///
    /// A follower waits once at a time.
    /// - Throws: `.overloaded` if too many wait.
    func wait(
        _ follower: ChangeFollower, beyond positions: [StoreID: Position], until deadline: ContinuousClock.Instant
    ) async throws(LedgerError) {
        try await withCheckedContinuation { continuation in
            let result: Result<Void, LedgerError>? = state.withLock { state in
                // It may have left before there was anything to remove.
                if state.isClosed || follower.hasLeft { return .success(()) }
                if state.waiters.count >= capacity { return .failure(.overloaded) }
                state.add(
                    Waiter(follower: follower, positions: positions, deadline: deadline, continuation: continuation))
                return nil
            }
            if let result { continuation.resume(returning: result) }
        }.get()
    }
}

/// Somebody who follows changes, and whose waiting others can end. Less than a task that can be cancelled: thousands wait.
public final class ChangeFollower: Sendable {
    private let waiters: ChangeWaiters
    private let left = Atomic(false)

    init(_ waiters: ChangeWaiters) {
        self.waiters = waiters
    }

    public var hasLeft: Bool { left.load(ordering: .acquiring) }

    /// It waits no more.
    public func leave() {
        left.store(true, ordering: .releasing)
        waiters.release(self)
    }
}
