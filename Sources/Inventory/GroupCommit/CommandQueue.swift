import DequeModule
import Tracing

/// A command and the waiter for its result.
struct PendingCommand<Waiter> {
    let command: MovementCommand
    let sequence: CommandSequence?
    let waiter: Waiter
    /// The span that the command is part of, if it is recorded.
    var context: ServiceContext?
}

extension PendingCommand: Sendable where Waiter: Sendable {}

/// The commands that wait to be committed, and the runner that commits them while it is idle. A pure state machine: it
/// returns what to do, so that nothing is resumed while a lock is held.
struct CommandQueue<Waiter, Runner>: ~Copyable {
    typealias Pending = PendingCommand<Waiter>

    enum Enqueued {
        /// It waits for the runner to finish a batch.
        case waiting
        /// The runner was idle: wake it.
        case wake(Runner, batch: [Pending])
        case full
        case closed
    }

    enum Next {
        case batch([Pending])
        /// Nothing to do: the runner is kept until a command arrives.
        case idle
        /// Closed and drained.
        case finished
    }

    /// The maximum numbers of commands, and of their lines, in a transaction.
    let maximumBatch: Int
    let maximumLines: Int
    /// The maximum number of waiting lines.
    let capacity: Int

    private var waiting = Deque<Pending>()
    private(set) var waitingLines = 0
    private var runner: Runner?
    private var isClosed = false

    init(maximumBatch: Int, maximumLines: Int, capacity: Int) {
        self.maximumBatch = maximumBatch
        self.maximumLines = maximumLines
        self.capacity = capacity
    }

    mutating func enqueue(_ pending: Pending) -> Enqueued {
        guard !isClosed else { return .closed }
        guard waitingLines + pending.command.lineCount <= capacity else { return .full }
        if let runner = runner.take() { return .wake(runner, batch: [pending]) }
        waiting.append(pending)
        waitingLines += pending.command.lineCount
        return .waiting
    }

    /// The runner's next batch: whatever arrived meanwhile, without waiting for a batch to fill.
    mutating func next(_ runner: Runner) -> Next {
        precondition(self.runner == nil, "a queue has one runner")
        var batch: [Pending] = []
        var lines = 0
        while batch.count < maximumBatch, let first = waiting.first {
            guard batch.isEmpty || lines + first.command.lineCount <= maximumLines else { break }
            lines += first.command.lineCount
            batch.append(waiting.removeFirst())
        }
        waitingLines -= lines
        if !batch.isEmpty { return .batch(batch) }
        if isClosed { return .finished }
        self.runner = runner
        return .idle
    }

    /// Accepts no more commands; those that wait are still executed.
    /// - Returns: The runner if it is idle: the caller ends it.
    mutating func close() -> Runner? {
        isClosed = true
        return runner.take()
    }
}
