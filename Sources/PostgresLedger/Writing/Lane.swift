import Inventory
import Postgres

/// Commits the movements of its stores, those that arrive together in one transaction (group commit): one lock on each
/// store, one commit, whatever came in while the last batch was under way.
final class Lane: Sendable {
    private typealias Pending = CommandQueue.Pending

    private let transactions: DurableTransactions
    private let outbox: Outbox
    private let announcements: Announcements
    private let observer: any LedgerObserver
    private let queue: CommandQueue

    init(
        transactions: DurableTransactions, outbox: Outbox, announcements: Announcements, limits: WriteLimits,
        observer: any LedgerObserver
    ) {
        self.transactions = transactions
        self.outbox = outbox
        self.announcements = announcements
        self.observer = observer
        queue = CommandQueue(limits)
    }

    /// Waits for the commit; cancelling the caller changes nothing.
    func submit(_ command: MovementCommand) async throws(LedgerError) -> Decision.Answer {
        try await queue.submit(command)
    }

    /// Works until the lane is closed and its queue is drained.
    func run() async {
        // Telling of a commit and answering for it does not keep the next batch waiting.
        await withDiscardingTaskGroup { answers in
            while let batch = await queue.next() {
                await commit(batch[...], &answers)
            }
        }
    }

    func close() {
        queue.close()
    }

    private func commit(_ batch: ArraySlice<Pending>, _ answers: inout DiscardingTaskGroup) async {
        let start = ContinuousClock.now
        let transaction = MovementTransaction(commands: batch.map(\.command), told: outbox.takeTold())
        do {
            let committed = try await transactions.run { session in try transaction.prepare(session) }
            let decision = committed.value
            observer.observe(
                .batchCommitted(commands: batch.count, entries: decision.entries.count, duration: .now - start))
            if decision.entries.isEmpty { outbox.markTold(transaction.told) }
            answers.addTask { await self.answer(batch, committed) }
        } catch {
            outbox.markTold(transaction.told)
            await fail(batch, error, &answers)
        }
    }

    /// First tells the cache of the commit, then answers for it: no read that starts after the answer may miss it.
    private func answer(_ batch: ArraySlice<Pending>, _ committed: Committed<Decision>) async {
        let decision = committed.value
        let repeated = decision.repeatedAdvances
        await announcements.announce(
            decision.advances + repeated, repeated.isEmpty ? decision.audit.last.map { CommitProof($0).entry } : nil,
            in: committed.cache)
        for (pending, answer) in zip(batch, decision.answers) {
            pending.waiter.resume(returning: answer.mapError { .refused($0) })
        }
    }

    /// A batch that the database rejects is split until the command that is to blame stands alone.
    private func fail(
        _ batch: ArraySlice<Pending>, _ failure: TransactionFailure, _ answers: inout DiscardingTaskGroup
    ) async {
        if case .rejected(let error) = failure, batch.count > 1 {
            observer.observe(.batchSplit(commands: batch.count, error))
            let middle = batch.startIndex + batch.count / 2
            await commit(batch[..<middle], &answers)
            await commit(batch[middle...], &answers)
        } else {
            let error = LedgerError(failure, observer)
            for pending in batch { pending.waiter.resume(returning: .failure(error)) }
        }
    }
}

extension LedgerError {
    init(_ failure: TransactionFailure, _ observer: any LedgerObserver) {
        switch failure {
        case .rejected(let error):
            observer.observe(.commandRejected(error))
            self = .internalFailure
        case .overloaded:
            self = .overloaded
        case .unavailable(let error):
            observer.observe(.primaryUnavailable(error))
            self = .unavailable
        case .outcomeUnknown(let error):
            observer.observe(.outcomeUnknown(error))
            self = .outcomeUnknown
        }
    }
}
