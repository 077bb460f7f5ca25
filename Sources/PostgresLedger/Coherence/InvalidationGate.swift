import Inventory
import Postgres
import Synchronization

/// Makes sure that the cache is invalidated for a commit before it is acknowledged or returned by a read.
final class InvalidationGate: Sendable {
    private struct Waiter {
        /// The outbox rows whose deletion is awaited; empty if they are not known.
        let rows: Set<Outbox.Key>
        let history: History
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var waiters: [Waiter] = []
        var isWatching = false
        var isPolling = false

        /// Asks once for each waiter: one that was removed and not returned would wait forever.
        mutating func removeWaiters(where isOver: (Waiter) -> Bool) -> [Waiter] {
            var (over, left): ([Waiter], [Waiter]) = ([], [])
            for waiter in waiters {
                if isOver(waiter) { over.append(waiter) } else { left.append(waiter) }
            }
            waiters = left
            return over
        }
    }

    private let invalidating: any CacheInvalidating
    private let outbox: Outbox
    private let watch: PrimaryWatch
    private let onOverdue: @Sendable () async -> Void
    private let state = Mutex(State())

    /// By then no process trusts a cache that lacks the invalidation any more. See `docs/coherence.md`.
    static let timeout = Duration.milliseconds(500)
    private static let interval = Duration.milliseconds(20)

    /// - Parameter onOverdue: Called when no relay has invalidated the cache in time.
    init(
        _ invalidating: any CacheInvalidating, _ outbox: Outbox, _ watch: PrimaryWatch,
        onOverdue: @escaping @Sendable () async -> Void
    ) {
        self.invalidating = invalidating
        self.outbox = outbox
        self.watch = watch
        self.onOverdue = onOverdue
    }

    /// Returns once no read can get from the cache what was current before the commit. Must be called after the commit.
    /// - Parameters:
    ///   - invalidations: The changes to each ledger.
    ///   - commit: The outbox row with all of them; `nil` if there may be several rows.
    ///   - state: The current cache, as read in the transaction.
    func invalidate(_ invalidations: [Invalidation], _ commit: EntryKey?, in state: CacheState) async {
        guard let namespaces = state.namespaces, let recorded = namespaces.recorded(for: invalidations) else { return }
        let row = commit.map { Outbox.Key(commit: $0, namespaces: recorded) }
        if await invalidating.invalidate(invalidations, in: state) {
            if let row { outbox.markInvalidated([row]) }
        } else if let row {
            await awaitRelay([row], state.history)
        } else {
            let concerned = namespaces.byPart(invalidations).keys.compactMap { namespaces.parts[$0].map(String.init) }
            await awaitRelay(ofAll: concerned, state.history)
        }
    }

    /// The same for commits that a read found in the outbox. Their rows are left to the processes that committed them.
    func invalidate(_ found: [OutboxEntry], in state: CacheState) async {
        guard let namespaces = state.namespaces else { return }
        let found = found.filter { !namespaces.byPart($0).isEmpty }
        guard !found.isEmpty else { return }
        if await invalidating.invalidate(found.flatMap(\.invalidations), in: state) { return }
        // Rows of earlier versions have no namespace and are not polled for: then the deadline applies.
        let rows = found.compactMap { entry in
            entry.namespaces.map { Outbox.Key(commit: entry.entry, namespaces: $0) }
        }
        await awaitRelay(rows.count == found.count ? Set(rows) : [], state.history)
    }

    /// Waits for all rows that are in the outbox now for these namespaces, if any.
    private func awaitRelay(ofAll namespaces: [String], _ history: History) async {
        let rows = try? await watch.run { session in
            try session.history == history ? try Outbox.rows(owedTo: namespaces, session) : nil
        }
        guard let rows = rows ?? nil else { return await awaitRelay([], history) }
        if !rows.isEmpty { await awaitRelay(rows, history) }
    }

    private func awaitRelay(_ rows: Set<Outbox.Key>, _ history: History) async {
        let deadline = ContinuousClock.now + Self.timeout
        let isInvalidated = await withCheckedContinuation { continuation in
            let waiter = Waiter(rows: rows, history: history, deadline: deadline, continuation: continuation)
            let isFirst = state.withLock { state in
                state.waiters.append(waiter)
                defer { state.isWatching = true }
                return !state.isWatching
            }
            if isFirst { Task { await watchWaiters() } }
        }
        if !isInvalidated { await onOverdue() }
    }

    /// Runs while there are waiters. Polls the primary in tasks of their own: it may not respond before a deadline.
    private func watchWaiters() async {
        while true {
            try? await Task.sleep(for: Self.interval)
            let (overdue, wanted, isDone) = state.withLock { state in
                let overdue = state.removeWaiters { $0.deadline <= .now }
                let wanted = state.isPolling ? [] : state.waiters.reduce(into: Set()) { $0.formUnion($1.rows) }
                if !wanted.isEmpty { state.isPolling = true }
                state.isWatching = !state.waiters.isEmpty
                return (overdue, wanted, state.waiters.isEmpty)
            }
            for waiter in overdue { waiter.continuation.resume(returning: false) }
            if isDone { return }
            if !wanted.isEmpty { Task { await poll(for: wanted) } }
        }
    }

    private func poll(for wanted: Set<Outbox.Key>) async {
        let reply = try? await watch.run { session in
            (try Outbox.left(of: wanted, session), in: try session.history)
        }
        let done = state.withLock { state in
            state.isPolling = false
            guard let (left, history) = reply else { return [Waiter]() }
            return state.removeWaiters { waiter in
                // Waiters that joined later were not in the query. In another history, missing rows prove nothing.
                !waiter.rows.isEmpty && waiter.history == history && wanted.isSuperset(of: waiter.rows)
                    && left.isDisjoint(with: waiter.rows)
            }
        }
        for waiter in done { waiter.continuation.resume(returning: true) }
    }
}
