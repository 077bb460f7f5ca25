import Synchronization

/// Commits commands, those that arrive together in one transaction (group commit): whatever came in while the last batch
/// was under way shares the next, and no batch waits to be filled.
///
/// Commands are decided in the order in which they were enqueued.
public final class GroupCommitter<Batches: BatchCommitting>: Sendable {
    public typealias Answer = Result<Decision.Answer, LedgerError>
    /// Is called exactly once, on any thread.
    public typealias Completion = @Sendable (Answer) -> Void
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

    /// Waits for the commit; cancelling the caller changes nothing.
    /// - Throws: Also `.overloaded` when the queue is full, and `.unavailable` once it is closed.
    public func submit(_ command: MovementCommand) async throws(LedgerError) -> Decision.Answer {
        try await withCheckedContinuation { continuation in
            enqueue(command) { continuation.resume(returning: $0) }
        }.get()
    }

    /// For callers whose commands are in an order: takes a command its place, and calls back when it is committed. Of one
    /// caller's commands, each is committed with or after those before it.
    /// - Parameter completion: Gets what ``submit(_:)`` returns or throws.
    public func enqueue(_ command: MovementCommand, completion: @escaping Completion) {
        switch queue.withLock({ $0.enqueue(command, completion) }) {
        case .waiting: break
        case .wake(let runner, let batch): runner.resume(returning: batch)
        case .full: completion(.failure(.overloaded))
        case .closed: completion(.failure(.unavailable))
        }
    }

    /// Works until the committer is closed and its queue is drained.
    public func run() async {
        // Publishing a commit and answering for it does not keep the next batch waiting.
        await withDiscardingTaskGroup { answers in
            while let batch = await next() {
                await commit(batch[...], &answers)
            }
        }
    }

    /// Takes nothing more; what waits is still carried out.
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

    private func commit(_ batch: ArraySlice<Pending>, _ answers: inout DiscardingTaskGroup) async {
        let start = ContinuousClock.now
        do {
            let (decision, commit) = try await batches.commit(batch.map(\.command))
            batches.observe(
                .committed(commands: batch.count, entries: decision.entries.count, duration: .now - start))
            answers.addTask {
                await self.batches.publish(decision, commit)
                for (pending, answer) in zip(batch, decision.answers) {
                    pending.waiter(answer.mapError { .refused($0) })
                }
            }
        } catch {
            await fail(batch, error, &answers)
        }
    }

    /// A batch that the database rejects is split until the command that is to blame stands alone.
    private func fail(
        _ batch: ArraySlice<Pending>, _ failure: BatchFailure, _ answers: inout DiscardingTaskGroup
    ) async {
        switch failure {
        case .rejected(let error) where batch.count > 1:
            batches.observe(.split(commands: batch.count, error))
            let middle = batch.startIndex + batch.count / 2
            await commit(batch[..<middle], &answers)
            await commit(batch[middle...], &answers)
        case .rejected(let error):
            batches.observe(.rejected(error))
            for pending in batch { pending.waiter(.failure(.internalFailure)) }
        case .failed(let error):
            for pending in batch { pending.waiter(.failure(error)) }
        }
    }
}
