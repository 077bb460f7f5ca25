import Basics
import Synchronization
public import Tracing

/// Group commit: commands that arrive while a batch is being committed share the next transaction. No batch waits to be
/// filled.
///
/// Commands are decided in the order in which they were enqueued.
public final class GroupCommitter<Batches: BatchCommitting>: Sendable {
    private typealias Queue = CommandQueue<CommandCompletion, CheckedContinuation<[Pending]?, Never>>
    private typealias Pending = PendingCommand<CommandCompletion>

    private let batches: Batches
    private let queue: Mutex<Queue>
    private let tracer: (any Tracer)?

    /// - Parameter tracer: Records the commits of commands that are part of recorded spans; `nil` for none.
    public init(_ batches: Batches, _ limits: WriteLimits, tracer: (any Tracer)? = nil) {
        self.batches = batches
        self.tracer = tracer
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
    /// - Parameters:
    ///   - sequence: What it is part of: it is not executed if one before it in the sequence failed.
    ///   - completion: Receives what ``submit(_:)`` returns or throws.
    public func enqueue(
        _ command: MovementCommand, in sequence: CommandSequence? = nil, completion: @escaping CommandCompletion
    ) {
        let pending = Pending(
            command: command, sequence: sequence, waiter: completion, context: tracer == nil ? nil : .current)
        switch queue.withLock({ $0.enqueue(pending) }) {
        case .waiting: break
        case .wake(let runner, let batch): runner.resume(returning: batch)
        case .full:
            batches.observe(.refused)
            pending.fail(.overloaded)
        case .closed: pending.fail(.unavailable)
        }
    }

    /// Movements that wait for a transaction.
    public var waitingLines: Int { queue.withLock { $0.waitingLines } }

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
        let batch = executable(batch)
        guard !batch.isEmpty else { return }
        let start = ContinuousClock.now
        let span = startedSpan(of: batch)
        let committed = await ServiceContext.withValue(span?.context) {
            await Result<_, BatchFailure>.of { () throws(BatchFailure) in
                try await batches.commit(batch.map(\.command))
            }
        }
        switch committed {
        case .success((let decision, let commit)):
            batches.observe(.committed(decision, commands: batch.count, duration: .now - start))
            group.addTask {
                await ServiceContext.withValue(span?.context) {
                    await self.batches.invalidateCache(for: decision, commit)
                }
                span?.end()
                for (pending, receipt) in zip(batch, decision.receipts) {
                    pending.waiter(receipt.mapError { .refused($0) })
                }
            }
        case .failure(let error):
            span?.setStatus(SpanStatus(code: .error))
            span?.end()
            await fail(batch, error, &group)
        }
    }

    /// The span of a commit: part of the first command's trace, and linked with those of the others.
    private func startedSpan(of batch: ArraySlice<Pending>) -> (any Span)? {
        guard let tracer, let first = batch.lazy.compactMap(\.context).first else { return nil }
        let span = tracer.startSpan("commit", context: first)
        span.attributes["khata.commands"] = batch.count
        for other in batch.lazy.compactMap(\.context).dropFirst() {
            span.addLink(SpanLink(context: other, attributes: [:]))
            tracer.activeSpan(identifiedBy: other)?.addLink(SpanLink(context: span.context, attributes: [:]))
        }
        return span
    }

    /// Without the commands of sequences that broke meanwhile, which are answered.
    private func executable(_ batch: ArraySlice<Pending>) -> ArraySlice<Pending> {
        guard batch.contains(where: \.isInBrokenSequence) else { return batch }
        for pending in batch where pending.isInBrokenSequence { pending.fail(.unavailable) }
        return batch.filter { !$0.isInBrokenSequence }[...]
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
            // It is to blame itself: what comes after it does not depend on the database.
            for pending in batch { pending.waiter(.failure(.internalFailure)) }
        case .failed(let error):
            for pending in batch { pending.fail(error) }
        }
    }
}

extension PendingCommand<CommandCompletion> {
    fileprivate var isInBrokenSequence: Bool { sequence?.isBroken == true }

    /// It was not executed, or may not have been: nor will be those behind it in its sequence.
    fileprivate func fail(_ error: LedgerError) {
        sequence?.abandon()
        waiter(.failure(error))
    }
}
