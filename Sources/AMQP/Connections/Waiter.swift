internal import Synchronization

/// A value that one task waits for: the first one that is set. It may be set on any thread, before or after the task
/// waits.
final class Waiter<Value: Sendable>: Sendable {
    private enum State {
        case new
        case waiting(CheckedContinuation<Value, Never>)
        case finished(Value)
    }

    private let state = Mutex(State.new)

    var isFinished: Bool { state.withLock { if case .finished = $0 { true } else { false } } }

    func finish(_ value: Value) { _ = offer(value) }

    /// - Returns: Whether this is the first value.
    func offer(_ value: Value) -> Bool {
        let before = state.withLock { state in
            defer { if case .finished = state {} else { state = .finished(value) } }
            return state
        }
        switch before {
        case .new: return true
        case .finished: return false
        case .waiting(let task):
            task.resume(returning: value)
            return true
        }
    }

    func value() async -> Value {
        await withCheckedContinuation { task in
            let value: Value? = state.withLock { state in
                switch state {
                case .finished(let value): return value
                case .new: state = .waiting(task)
                case .waiting: preconditionFailure("one task waits for a value")
                }
                return nil
            }
            if let value { task.resume(returning: value) }
        }
    }
}

/// A method that awaits a reply.
typealias Call = Waiter<Result<Reply, AMQPError>>
