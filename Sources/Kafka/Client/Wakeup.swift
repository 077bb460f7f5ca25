import Synchronization

/// Wakes the one task that waits. A wake that came before is not lost.
final class Wakeup: Sendable {
    private struct State {
        var isPending = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func wake() {
        let waiter = state.withLock { state in
            state.isPending = state.waiter == nil
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// Does not wait if the task is cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isPending = state.withLock { state in
                    defer { state.isPending = false }
                    if !state.isPending { state.waiter = continuation }
                    return state.isPending
                }
                if isPending { continuation.resume() }
            }
        } onCancel: {
            wake()
        }
    }
}
