import Inventory
import Synchronization

/// How many queues are consumed, and how many commands were refused, for health.
final class CommandStatus: Sendable {
    private let consumed = Atomic(0)
    private let refused = Mutex(RefusedCommands())

    func begin() { consumed.add(1, ordering: .relaxed) }

    func end() { consumed.subtract(1, ordering: .relaxed) }

    func add(_ commands: RefusedCommands) { refused.withLock { $0.add(commands) } }

    /// Never `fail`: HTTP does not depend on it.
    /// - Parameters:
    ///   - queues: That should be consumed here.
    ///   - problem: Why they are not, if that is known.
    func health(of queues: Int, problem: String?) -> [ComponentHealth] {
        let missing = max(0, queues - consumed.load(ordering: .relaxed))
        let output = problem ?? "\(missing) queues are not consumed here: their commands wait"
        let refused = refused.withLock(\.self)
        return [
            ComponentHealth(
                name: "commands:queues", status: missing == 0 ? .pass : .warn, observed: Double(missing),
                unit: "missing", output: missing == 0 ? nil : output),
            ComponentHealth(
                name: "commands:refused", status: .pass, observed: Double(refused.count), unit: "commands",
                output: refused.count == 0 ? nil : refused.text),
        ]
    }
}
