import Inventory

/// Commits movements, with one disk synchronisation per transaction.
struct MovementBatches: BatchCommitting {
    let transactions: DurableTransactions
    let history: History
    let observer: any LedgerFileObserver

    func commit(_ commands: [MovementCommand]) async throws(BatchFailure) -> (Decision, Void) {
        let transaction = MovementTransaction(commands: commands, history: history)
        do {
            return (try await transactions.run { database in try transaction.execute(database) }, ())
        } catch {
            if case .rejected(let error) = error { throw .rejected(error) }
            throw .failed(LedgerError(error, observer))
        }
    }

    /// A file has no cache.
    func invalidateCache(for decision: Decision, _ commit: Void) async {}

    func observe(_ event: CommitEvent) { observer.observe(.commit(event)) }
}
