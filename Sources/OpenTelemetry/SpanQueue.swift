import DequeModule
import Synchronization

/// Ended spans that wait to be exported: a bounded number, beyond which spans are dropped.
public final class SpanQueue: Sendable {
    private let waiting = Mutex(Deque<EndedSpan>())
    private let capacity: Int
    private let dropped = Atomic(0)

    public init(capacity: Int = 8_192) {
        self.capacity = capacity
    }

    /// Spans that found the queue full, since the start.
    public var droppedSpans: Int { dropped.load(ordering: .relaxed) }

    func add(_ span: EndedSpan) {
        let isAdded = waiting.withLock { waiting in
            guard waiting.count < capacity else { return false }
            waiting.append(span)
            return true
        }
        if !isAdded { dropped.wrappingAdd(1, ordering: .relaxed) }
    }

    /// Returns spans that were taken, but not exported.
    func putBack(_ spans: [EndedSpan]) {
        waiting.withLock { $0.prepend(contentsOf: spans) }
    }

    /// The oldest ones.
    func take(_ maximum: Int) -> [EndedSpan] {
        waiting.withLock { waiting in
            let taken = Array(waiting.prefix(maximum))
            waiting.removeFirst(taken.count)
            return taken
        }
    }
}
