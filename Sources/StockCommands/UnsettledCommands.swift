import DequeModule
import Inventory
import InventoryContract
import Synchronization

/// The commands of a queue that are not settled, in order, and the results of those that are finished. No more than the
/// source delivers ahead of what is settled.
final class UnsettledCommands<Origin: Sendable>: Sendable {
    typealias Finished = (command: ReceivedCommand<Origin>, result: CommandResult)

    private struct State {
        var commands: Deque<(command: ReceivedCommand<Origin>, result: CommandResult?)> = []
        /// The number of the first one.
        var first = 0
        var isClosed = false
        var waiter: CheckedContinuation<Void, Never>?

        var canGoOn: Bool { commands.isEmpty ? isClosed : commands[0].result != nil }
    }

    private let state = Mutex(State())

    /// - Returns: The command's number, to finish it with.
    func append(_ command: ReceivedCommand<Origin>) -> Int {
        state.withLock { state in
            state.commands.append((command, nil))
            return state.first + state.commands.count - 1
        }
    }

    func finish(_ number: Int, _ result: CommandResult) {
        let waiter = state.withLock { state in
            state.commands[number - state.first].result = result
            return state.canGoOn ? state.waiter.take() : nil
        }
        waiter?.resume()
    }

    /// No more are appended.
    func close() {
        let waiter = state.withLock { state in
            state.isClosed = true
            return state.canGoOn ? state.waiter.take() : nil
        }
        waiter?.resume()
    }

    /// Waits until the first one is finished. For one task at a time.
    /// - Returns: The finished ones up to the first that is not; empty once all are, and it is closed.
    func next() async -> [Finished] {
        await withCheckedContinuation { continuation in
            let canGoOn = state.withLock { state in
                if !state.canGoOn { state.waiter = continuation }
                return state.canGoOn
            }
            if canGoOn { continuation.resume() }
        }
        return state.withLock { state in
            var finished: [Finished] = []
            while let (command, found) = state.commands.first, let result = found {
                finished.append((command, result))
                state.commands.removeFirst()
            }
            state.first += finished.count
            return finished
        }
    }
}

/// What became of a command.
enum CommandResult: Sendable {
    case ledger(Result<Receipt<Outcome>, LedgerError>)
    /// It could not be given to the ledger, not even to record the refusal.
    case unrecorded(Problem)
}
