import Synchronization

/// Where commands wait for the one lane that commits them, and where it takes them in batches: whatever came in while
/// the last batch was under way shares the next transaction (group commit).
public final class CommandQueue: Sendable {
    public typealias Answer = Result<Decision.Answer, LedgerError>
    /// The lane resumes the waiter exactly once.
    public typealias Pending = PendingCommand<CheckedContinuation<Answer, Never>>
    private typealias Queue = LaneQueue<CheckedContinuation<Answer, Never>, CheckedContinuation<[Pending]?, Never>>

    private let queue: Mutex<Queue>

    public init(_ limits: WriteLimits) {
        queue = Mutex(
            LaneQueue(
                largestBatch: limits.commandsPerTransaction, mostLines: limits.linesPerTransaction,
                capacity: limits.linesWaiting))
    }

    /// Waits until the lane has answered; cancelling the caller changes nothing.
    /// - Throws: Also `.overloaded` when the queue is full, and `.unavailable` once it is closed.
    public func submit(_ command: MovementCommand) async throws(LedgerError) -> Decision.Answer {
        try await withCheckedContinuation { continuation in
            switch queue.withLock({ $0.enqueue(command, continuation) }) {
            case .waiting: break
            case .wake(let lane, let batch): lane.resume(returning: batch)
            case .full: continuation.resume(returning: .failure(.overloaded))
            case .closed: continuation.resume(returning: .failure(.unavailable))
            }
        }.get()
    }

    /// For the lane: waits for commands; `nil` when the queue is closed and drained.
    public func next() async -> [Pending]? {
        await withCheckedContinuation { continuation in
            switch queue.withLock({ $0.next(continuation) }) {
            case .batch(let batch): continuation.resume(returning: batch)
            case .idle: break
            case .finished: continuation.resume(returning: nil)
            }
        }
    }

    /// Takes nothing more; what waits is still carried out.
    public func close() {
        queue.withLock { $0.close() }?.resume(returning: nil)
    }
}
