import Synchronization

/// Commands that one caller wants committed in order, or not at all: once one has failed, none behind it is executed, and
/// each of those fails with `.unavailable`. The caller then begins again, with a new sequence, at the first that failed.
///
/// A refusal is no failure, and neither is a command that the database rejects for itself (`.internalFailure`).
public final class CommandSequence: Sendable {
    private struct State {
        var isBroken = false
        var concernsSeveralStores = false
        var unfinished = 0
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    public init() {}

    public var isBroken: Bool { state.withLock { $0.isBroken } }

    /// Breaks it: what has not been executed will not be.
    public func abandon() { state.withLock { $0.isBroken = true } }

    /// Begins a command, in a ledger that commits commands of one store and of several in separate lanes: waits for all that
    /// are in the lanes of the other kind. To be called by one task at a time.
    /// - Returns: Its completion, to be called once.
    package func begin(
        concerningSeveralStores: Bool, completion: @escaping CommandCompletion
    ) async -> CommandCompletion {
        await withCheckedContinuation { continuation in
            let isNext = state.withLock { state in
                if state.concernsSeveralStores == concerningSeveralStores || state.unfinished == 0 { return true }
                precondition(state.waiter == nil, "one task enqueues the commands of a sequence")
                state.waiter = continuation
                return false
            }
            if isNext { continuation.resume() }
        }
        state.withLock { state in
            state.concernsSeveralStores = concerningSeveralStores
            state.unfinished += 1
        }
        return { result in
            completion(result)
            self.finish()
        }
    }

    private func finish() {
        let waiter = state.withLock { state in
            state.unfinished -= 1
            return state.unfinished == 0 ? state.waiter.take() : nil
        }
        waiter?.resume()
    }
}

/// Receives the result of a command exactly once, on any thread.
public typealias CommandCompletion = @Sendable (Result<Receipt<Outcome>, LedgerError>) -> Void

/// The write path for callers that need their commands in order.
public protocol OrderedWriting: Sendable {
    /// Enqueues a command, and calls back when it is durable, or failed. Commands of one store are committed in the order of
    /// these calls. So are all commands before and behind one that concerns several stores.
    ///
    /// Waits only where a command of one store follows one of several, or the other way round. To be called by one task at a
    /// time for a sequence.
    func enqueue(
        _ command: MovementCommand, in sequence: CommandSequence, completion: @escaping CommandCompletion) async
}
