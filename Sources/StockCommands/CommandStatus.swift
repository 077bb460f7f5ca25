import Inventory
import Synchronization

/// Which queues are consumed, and how many commands were refused, for health.
final class CommandStatus: Sendable {
    private let queues: Int
    private let consumed = Mutex<Set<Int>>([])
    private let refused = Mutex(RefusedCommands())

    init(queues: Int) {
        self.queues = queues
    }

    func set(_ queue: Int, isConsumed: Bool) {
        consumed.withLock { consumed in
            if isConsumed { consumed.insert(queue) } else { consumed.remove(queue) }
        }
    }

    func add(_ commands: RefusedCommands) { refused.withLock { $0.add(commands) } }

    /// Never `fail`: HTTP does not depend on it.
    var health: [ComponentHealth] {
        let missing = queues - consumed.withLock(\.count)
        let refused = refused.withLock(\.self)
        return [
            ComponentHealth(
                name: "commands:queues", status: missing == 0 ? .pass : .warn, observed: Double(missing),
                unit: "missing",
                output: missing == 0 ? nil : "\(missing) queues are not consumed here: their commands wait"),
            ComponentHealth(
                name: "commands:refused", status: .pass, observed: Double(refused.count), unit: "commands",
                output: refused.count == 0 ? nil : refused.text),
        ]
    }
}
