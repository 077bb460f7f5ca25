import Inventory
import Synchronization

/// Which queues are consumed, for health.
final class CommandStatus: Sendable {
    private let problems: Mutex<[String?]>

    init(queues: Int) {
        problems = Mutex(Array(repeating: "is not connected", count: queues))
    }

    func set(_ queue: Int, problem: String?) { problems.withLock { $0[queue] = problem } }

    /// Never `fail`: HTTP does not depend on it.
    var health: [ComponentHealth] {
        let missing = problems.withLock { $0.count { $0 != nil } }
        return [
            ComponentHealth(
                name: "commands:queues", status: missing == 0 ? .pass : .warn, observed: Double(missing),
                unit: "missing",
                output: missing == 0 ? nil : "\(missing) queues are not consumed: their commands wait")
        ]
    }
}
