import Basics
public import Inventory
import Synchronization

/// Until when this process has a subscription, by its own clock: one that was paused, or whose question hangs, sees that it has
/// it no more before the database or another task tells it.
public final class SubscriptionLease: Sendable {
    /// Unique to each time that a subscription is held, so that nothing of an earlier one is stored later.
    let holder = String.randomID()
    private let deadline: Mutex<ContinuousClock.Instant>

    fileprivate init(until deadline: ContinuousClock.Instant) {
        self.deadline = Mutex(deadline)
    }

    var isHeld: Bool { .now < deadline.withLock(\.self) }

    /// - Parameter deadline: Counted from before the question.
    fileprivate func extend(until deadline: ContinuousClock.Instant) { self.deadline.withLock { $0 = deadline } }
}

extension SubscriptionStoring {
    /// Runs `body` while this process holds a subscription, and cancels it when that is lost. Others can take it afterwards.
    /// - Parameters:
    ///   - duration: How long after a process was killed another one can take it.
    ///   - onExtension: Called before each time that it is extended.
    /// - Returns: `false` if another process holds it.
    public func whileHolding(
        _ id: SubscriptionID, for duration: Duration, extendedEvery interval: Duration,
        onExtension: @escaping @Sendable () -> Void = {},
        _ body: @escaping @Sendable (SubscriptionLease) async throws -> Void
    ) async throws -> Bool {
        let lease = SubscriptionLease(until: .now + duration)
        guard try await holdSubscription(id, as: lease.holder, for: duration) else { return false }
        let result = await Result.of {
            try await withThrowingTaskGroup { group in
                group.addTask {
                    while (try? await Task.sleep(for: interval)) != nil {
                        onExtension()
                        let start = ContinuousClock.now
                        let isHeld = try? await self.holdSubscription(id, as: lease.holder, for: duration)
                        if isHeld == true { lease.extend(until: start + duration) }
                        if isHeld == false || !lease.isHeld { return }
                    }
                }
                group.addTask { try await body(lease) }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
        // Unstructured: also when this task is cancelled.
        await Task { try? await self.releaseSubscription(id, heldBy: lease.holder) }.value
        try result.get()
        return true
    }
}
