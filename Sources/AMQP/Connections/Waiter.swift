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

    func finish(_ value: Value) {
        let task: CheckedContinuation<Value, Never>? = state.withLock { state in
            switch state {
            case .new: state = .finished(value)
            case .finished: break
            case .waiting(let task):
                state = .finished(value)
                return task
            }
            return nil
        }
        task?.resume(returning: value)
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
