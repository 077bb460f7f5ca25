public import Inventory
import Synchronization

/// Readers that wait for changes, each for some ledgers.
public final class ChangeWaiters: Sendable {
    private struct Waiter {
        let positions: [StoreID: Position]
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        private(set) var waiters: [Int: Waiter] = [:]
        /// Of each store.
        private(set) var waiting: [StoreID: Set<Int>] = [:]
        private var lastID = 0
        var signals: [Int: CommitSignal] = [:]
        var isClosed = false

        mutating func makeID() -> Int {
            lastID += 1
            return lastID
        }

        mutating func add(_ waiter: Waiter, _ id: Int) {
            waiters[id] = waiter
            for store in waiter.positions.keys { waiting[store, default: []].insert(id) }
        }

        mutating func remove(_ id: Int) -> Waiter? {
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
        for waiter in woken { waiter.continuation.resume() }
    }

    /// Runs `body` with a signal of all commits from now on.
    package func withSignal<T>(_ body: (CommitSignal) async throws -> T) async rethrows -> T {
        let signal = CommitSignal()
        let id = state.withLock { state in
            let id = state.makeID()
            state.signals[id] = signal
            return id
        }
        defer { state.withLock { $0.signals[id] = nil } }
        return try await body(signal)
    }

    func close() {
        let all = state.withLock { state in
            state.isClosed = true
            return Array(state.waiters.keys).compactMap { state.remove($0) }
        }
        for waiter in all { waiter.continuation.resume() }
    }

    /// Ends the waits whose time is over.
    /// - Returns: The stores that the others wait for.
    func awaitedStores(expiring now: ContinuousClock.Instant) -> Set<StoreID> {
        let (expired, stores) = state.withLock { state in
            let expired = state.waiters.filter { $0.value.deadline <= now }.keys
            return (expired.compactMap { state.remove($0) }, Set(state.waiting.keys))
        }
        for waiter in expired { waiter.continuation.resume() }
        return stores
    }

    /// Waits until a ledger is beyond its position, the deadline has passed, the task is cancelled, or all waiting ends.
    /// - Throws: `.overloaded` if too many wait.
    func wait(
        beyond positions: [StoreID: Position], until deadline: ContinuousClock.Instant
    ) async throws(LedgerError) {
        let id = state.withLock { $0.waiters.count < capacity ? $0.makeID() : nil }
        guard let id else { throw .overloaded }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    // The task may have been cancelled before there was anything to remove.
                    guard !state.isClosed, !Task.isCancelled else { return true }
                    state.add(Waiter(positions: positions, deadline: deadline, continuation: continuation), id)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.remove(id) }?.continuation.resume()
        }
    }
}
