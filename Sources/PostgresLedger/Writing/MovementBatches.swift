import Inventory

/// Commits the movements of a lane: one lock on each store, one commit, then the cache is invalidated.
struct MovementBatches: BatchCommitting {
    let lane: LedgerLane
    let transactions: DurableTransactions
    let outbox: Outbox
    let invalidationGate: InvalidationGate
    let recentEntries: RecentEntries
    let observer: any LedgerObserver

    func commit(_ commands: [MovementCommand]) async throws(BatchFailure) -> (Decision, CacheState) {
        let transaction = MovementTransaction(commands: commands, invalidated: outbox.takeInvalidated())
        do {
            let committed = try await transactions.run { session in try transaction.prepare(session) }
            // A transaction that writes no entry deletes no outbox rows either.
            if committed.value.entries.isEmpty { outbox.markInvalidated(transaction.invalidated) }
            await recentEntries.add(committed.value.audit, in: committed.cache.history, transactions.connections)
            return (committed.value, committed.cache)
        } catch {
            outbox.markInvalidated(transaction.invalidated)
            if case .rejected(let error) = error { throw .rejected(error) }
            throw .failed(LedgerError(error, observer))
        }
    }

    /// No read that starts after the response may miss the commit.
    func invalidateCache(for decision: Decision, _ cache: CacheState) async {
        let repeated = decision.repeatedInvalidations
        await invalidationGate.invalidate(
            decision.invalidations + repeated,
            repeated.isEmpty ? decision.audit.last.map { CommitProof($0).entry } : nil,
            in: cache)
    }

    func observe(_ event: CommitEvent) { observer.observe(.commit(event, lane: lane)) }
}
