import Synchronization

/// Group commit: commands that arrive while a batch is being committed share the next transaction. No batch waits to be
/// filled.
///
/// Commands are decided in the order in which they were enqueued.
public final class GroupCommitter<Batches: BatchCommitting>: Sendable {
    /// Called exactly once, on any thread.
    public typealias Completion = @Sendable (Result<Receipt<Outcome>, LedgerError>) -> Void
    private typealias Queue = CommandQueue<Completion, CheckedContinuation<[Pending]?, Never>>
    private typealias Pending = PendingCommand<Completion>

    private let batches: Batches
    private let queue: Mutex<Queue>

    public init(_ batches: Batches, _ limits: WriteLimits) {
        self.batches = batches
        queue = Mutex(
            CommandQueue(
                maximumBatch: limits.commandsPerTransaction, maximumLines: limits.linesPerTransaction,
                capacity: limits.linesWaiting))
    }

    /// Waits for the commit; cancelling the caller has no effect.
    /// - Throws: Also `.overloaded` when the queue is full, and `.unavailable` once it is closed.
    public func submit(_ command: MovementCommand) async throws(LedgerError) -> Receipt<Outcome> {
        try await withCheckedContinuation { continuation in
            enqueue(command) { continuation.resume(returning: $0) }
        }.get()
    }

    /// For callers that need their commands in order: enqueues a command at once, and calls back when it is committed.
    /// Each command is committed with or after those enqueued before it.
    /// - Parameter completion: Receives what ``submit(_:)`` returns or throws.
    public func enqueue(_ command: MovementCommand, completion: @escaping Completion) {
        switch queue.withLock({ $0.enqueue(command, completion) }) {
        case .waiting: break
        case .wake(let runner, let batch): runner.resume(returning: batch)
        case .full: completion(.failure(.overloaded))
        case .closed: completion(.failure(.unavailable))
        }
    }

    /// Runs until the committer is closed and its queue is drained.
    public func run() async {
        // In a group, so that invalidating the cache does not delay the next batch.
        await withDiscardingTaskGroup { group in
            while let batch = await next() {
                await commit(batch[...], &group)
            }
        }
    }

    /// Accepts no more commands; those that wait are still executed.
    public func close() {
        queue.withLock { $0.close() }?.resume(returning: nil)
    }

    /// Waits for commands; `nil` when the queue is closed and drained.
    private func next() async -> [Pending]? {
        await withCheckedContinuation { continuation in
            switch queue.withLock({ $0.next(continuation) }) {
            case .batch(let batch): continuation.resume(returning: batch)
            case .idle: break
            case .finished: continuation.resume(returning: nil)
            }
        }
    }

    private func commit(_ batch: ArraySlice<Pending>, _ group: inout DiscardingTaskGroup) async {
        let start = ContinuousClock.now
        do {
            let (decision, commit) = try await batches.commit(batch.map(\.command))
            batches.observe(
                .committed(
                    commands: batch.count, entries: decision.entries.count, heads: Array(decision.heads.values),
                    duration: .now - start))
            group.addTask {
                await self.batches.invalidateCache(for: decision, commit)
                for (pending, receipt) in zip(batch, decision.receipts) {
                    pending.waiter(receipt.mapError { .refused($0) })
                }
            }
        } catch {
            await fail(batch, error, &group)
        }
    }

    /// Splits a batch that the database rejects until the command that is to blame is alone.
    private func fail(
        _ batch: ArraySlice<Pending>, _ failure: BatchFailure, _ group: inout DiscardingTaskGroup
    ) async {
        switch failure {
        case .rejected(let error) where batch.count > 1:
            batches.observe(.split(commands: batch.count, error))
            let middle = batch.startIndex + batch.count / 2
            await commit(batch[..<middle], &group)
            await commit(batch[middle...], &group)
        case .rejected(let error):
            batches.observe(.rejected(error))
            for pending in batch { pending.waiter(.failure(.internalFailure)) }
        case .failed(let error):
            for pending in batch { pending.waiter(.failure(error)) }
        }
    }
}
