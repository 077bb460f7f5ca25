import Synchronization

/// Until when this process may publish, by its own clock: one that was paused, or whose question hangs, sees that it may not
/// any more before the database or another task tells it.
final class PublisherLease: Sendable {
    private let deadline: Mutex<ContinuousClock.Instant>

    init(until deadline: ContinuousClock.Instant) {
        self.deadline = Mutex(deadline)
    }

    var isHeld: Bool { .now < deadline.withLock(\.self) }

    /// - Parameter deadline: Counted from before the question.
    func extend(until deadline: ContinuousClock.Instant) { self.deadline.withLock { $0 = deadline } }
}
