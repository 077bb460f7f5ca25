internal import DequeModule
internal import Synchronization

/// The deliveries of a consumer on their way from the event loop to the task that iterates. There are never more than
/// the prefetch, which the broker keeps to, or the connection ends.
final class Deliveries: Sendable {
    private typealias Next = Result<AMQPDelivery?, AMQPError>

    private struct State: ~Copyable {
        var settlement: Settlement
        var waiting: Deque<AMQPDelivery> = []
        var iterator: Waiter<Next>?
        var end: Next?

        /// What is there, or else what to wait for.
        mutating func next() -> (Next?, Waiter<Next>?) {
            if let delivery = waiting.popFirst() { return (.success(delivery), nil) }
            if let end { return (end, nil) }
            if iterator != nil { return (.failure(.invalid("a consumer is iterated by one task")), nil) }
            let waiter = Waiter<Next>()
            iterator = waiter
            return (nil, waiter)
        }
    }

    let prefetch: Int
    private let state: Mutex<State>

    init(prefetch: Int) {
        self.prefetch = prefetch
        state = Mutex(State(settlement: Settlement(prefetch: prefetch)))
    }

    func deliver(_ delivery: AMQPDelivery) throws(AMQPError) {
        let result: Result<Waiter<Next>?, AMQPError> = state.withLock { state in
            do throws(AMQPError) {
                try state.settlement.deliver(delivery.tag)
            } catch {
                return .failure(error)
            }
            guard state.end == nil else { return .success(nil) }
            guard let iterator = state.iterator.take() else {
                state.waiting.append(delivery)
                return .success(nil)
            }
            return .success(iterator)
        }
        try result.get()?.finish(.success(delivery))
    }

    /// Those that wait are dropped: the broker delivers them again.
    func end(_ end: Result<AMQPDelivery?, AMQPError>) {
        let iterator = state.withLock { state in
            if state.end == nil { state.end = end }
            state.waiting.removeAll()
            return state.iterator.take()
        }
        iterator?.finish(end)
    }

    /// - Returns: Nil after the end, or if the task was cancelled.
    func next() async throws(AMQPError) -> AMQPDelivery? {
        let (result, waiter) = state.withLock { state in state.next() }
        guard let waiter else { return try result?.get() }
        return try await withTaskCancellationHandler {
            await waiter.value()
        } onCancel: {
            // A delivery that comes at the same time is not lost: it is returned, too.
            let isWaiting = state.withLock { state in
                guard state.iterator === waiter else { return false }
                state.iterator = nil
                return true
            }
            if isWaiting { waiter.finish(.success(nil)) }
        }.get()
    }

    /// - Returns: Whether there is now something to acknowledge, and was not before.
    func settle(_ tag: UInt64) -> Bool { state.withLock { $0.settlement.settle(tag) } }

    func takeAcknowledgement() -> UInt64? { state.withLock { $0.settlement.takeAcknowledgement() } }
}
