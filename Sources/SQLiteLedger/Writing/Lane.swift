import Inventory

/// Commits movements, those that arrive together in one transaction (group commit): one synchronisation of the disk for
/// whatever came in while the last one was under way.
struct Lane: Sendable {
    let queue: CommandQueue
    let transactions: DurableTransactions
    let history: History
    let observer: any LedgerFileObserver

    /// Works until the queue is closed and drained.
    func run() async {
        while let batch = await queue.next() {
            await commit(batch[...])
        }
    }

    private func commit(_ batch: ArraySlice<CommandQueue.Pending>) async {
        let start = ContinuousClock.now
        let transaction = MovementTransaction(commands: batch.map(\.command), history: history)
        do {
            let decision = try await transactions.run { database in try transaction.carryOut(database) }
            observer.observe(
                .batchCommitted(commands: batch.count, entries: decision.entries.count, duration: .now - start))
            for (pending, answer) in zip(batch, decision.answers) {
                pending.waiter.resume(returning: answer.mapError { .refused($0) })
            }
        } catch {
            await fail(batch, error)
        }
    }

    /// A batch that the database rejects is split until the command that is to blame stands alone.
    private func fail(_ batch: ArraySlice<CommandQueue.Pending>, _ failure: TransactionFailure) async {
        if case .rejected(let error) = failure, batch.count > 1 {
            observer.observe(.batchSplit(commands: batch.count, error))
            let middle = batch.startIndex + batch.count / 2
            await commit(batch[..<middle])
            await commit(batch[middle...])
        } else {
            let error = LedgerError(failure, observer)
            for pending in batch { pending.waiter.resume(returning: .failure(error)) }
        }
    }
}
