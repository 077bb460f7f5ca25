import Inventory
import Postgres
import Synchronization

/// Sees to it that the cache knows of a commit before anyone is told of it: whoever was answered for it, or has read it.
final class InvalidationGate: Sendable {
    private struct Waiter {
        /// The rows of the outbox whose end is waited for; none if they are not known.
        let rows: Set<Outbox.Key>
        let history: History
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var waiters: [Waiter] = []
        var isWatching = false
        var isAsking = false

        mutating func removeWaiters(where isOver: (Waiter) -> Bool) -> [Waiter] {
            let over = waiters.filter(isOver)
            waiters.removeAll(where: isOver)
            return over
        }
    }

    private let invalidating: any CacheInvalidating
    private let outbox: Outbox
    private let watch: PrimaryWatch
    private let onOverdue: @Sendable () async -> Void
    private let state = Mutex(State())

    /// Whoever trusts a cache that does not know of a commit stops within this time. See `docs/coherence.md`.
    static let patience = Duration.milliseconds(500)
    private static let interval = Duration.milliseconds(20)

    /// - Parameter onOverdue: Is called when no relay has seen to a commit in time.
    init(
        _ invalidating: any CacheInvalidating, _ outbox: Outbox, _ watch: PrimaryWatch,
        onOverdue: @escaping @Sendable () async -> Void
    ) {
        self.invalidating = invalidating
        self.outbox = outbox
        self.watch = watch
        self.onOverdue = onOverdue
    }

    /// Returns when nobody can read from the cache what was before the commit. To be called when it is committed.
    /// - Parameters:
    ///   - invalidations: What it did to each ledger.
    ///   - commit: The row of the outbox that tells of all of this; `nil` if there may be others.
    ///   - state: Which cache counted in its transaction.
    func invalidate(_ invalidations: [Invalidation], _ commit: EntryKey?, in state: CacheState) async {
        guard let namespace = state.namespace, !invalidations.isEmpty else { return }
        let row = commit.map { Outbox.Key(commit: $0, namespace: namespace) }
        if await invalidating.invalidate(invalidations, in: state) {
            if let row { outbox.markInvalidated([row]) }
        } else if let row {
            await awaitRelay([row], state.history)
        } else {
            await awaitRelay(ofAll: namespace, state.history)
        }
    }

    /// Likewise for commits that a read has found in the outbox. The rows remain for those who made them.
    func invalidate(_ found: [OutboxEntry], in state: CacheState) async {
        guard let namespace = state.namespace, !found.isEmpty else { return }
        if await invalidating.invalidate(found.flatMap(\.invalidations), in: state) { return }
        // Rows of programs that did not say whom they are owed to are not asked for: then the deadline decides.
        let areKnown = found.allSatisfy { $0.namespace == namespace }
        let rows = areKnown ? Set(found.map { Outbox.Key(commit: $0.entry, namespace: namespace) }) : []
        await awaitRelay(rows, state.history)
    }

    /// Waits for what is in the outbox by now, which may be nothing.
    private func awaitRelay(ofAll namespace: String, _ history: History) async {
        let rows = try? await watch.run { session in
            try session.history == history ? try Outbox.rows(owedTo: namespace, session) : nil
        }
        guard let rows = rows ?? nil else { return await awaitRelay([], history) }
        if !rows.isEmpty { await awaitRelay(rows, history) }
    }

    private func awaitRelay(_ rows: Set<Outbox.Key>, _ history: History) async {
        let deadline = ContinuousClock.now + Self.patience
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

    /// As long as somebody waits. The primary is asked by the way: it may not answer in time.
    private func watchWaiters() async {
        while true {
            try? await Task.sleep(for: Self.interval)
            let (overdue, wanted, isDone) = state.withLock { state in
                let overdue = state.removeWaiters { $0.deadline <= .now }
                let wanted = state.isAsking ? [] : state.waiters.reduce(into: Set()) { $0.formUnion($1.rows) }
                if !wanted.isEmpty { state.isAsking = true }
                state.isWatching = !state.waiters.isEmpty
                return (overdue, wanted, state.waiters.isEmpty)
            }
            for waiter in overdue { waiter.continuation.resume(returning: false) }
            if isDone { return }
            if !wanted.isEmpty { Task { await ask(for: wanted) } }
        }
    }

    private func ask(for wanted: Set<Outbox.Key>) async {
        let answer = try? await watch.run { session in
            (try Outbox.left(of: wanted, session), in: try session.history)
        }
        let done = state.withLock { state in
            state.isAsking = false
            guard let (left, history) = answer else { return [Waiter]() }
            return state.removeWaiters { waiter in
                // Those who came later are not in the answer. In another history, all rows are gone: that proves nothing.
                !waiter.rows.isEmpty && waiter.history == history && wanted.isSuperset(of: waiter.rows)
                    && left.isDisjoint(with: waiter.rows)
            }
        }
        for waiter in done { waiter.continuation.resume(returning: true) }
    }
}
