import Inventory
import Synchronization

/// Which queues are consumed, for health.
final class CommandStatus: Sendable {
    private let queues: Int
    private let consumed = Mutex<Set<Int>>([])

    init(queues: Int) {
        self.queues = queues
    }

    func set(_ queue: Int, isConsumed: Bool) {
        consumed.withLock { consumed in
            if isConsumed { consumed.insert(queue) } else { consumed.remove(queue) }
        }
    }

    /// Never `fail`: HTTP does not depend on it.
    var health: [ComponentHealth] {
        let missing = queues - consumed.withLock(\.count)
        return [
            ComponentHealth(
                name: "commands:queues", status: missing == 0 ? .pass : .warn, observed: Double(missing),
                unit: "missing",
                output: missing == 0 ? nil : "\(missing) queues are not consumed here: their commands wait")
        ]
    }
}
