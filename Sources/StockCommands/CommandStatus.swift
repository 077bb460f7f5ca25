import Inventory
import Synchronization

/// How many queues are consumed, and how many commands were refused, for health.
final class CommandStatus: Sendable {
    private let consumed = Atomic(0)
    private let refused = Mutex(RefusedCommands())
    /// When commands could last not be settled.
    private let failedAt = Mutex<ContinuousClock.Instant?>(nil)

    /// Attempts that fail follow each other within less.
    private static let memory = Duration.seconds(60)

    func begin() { consumed.add(1, ordering: .relaxed) }

    func end() { consumed.subtract(1, ordering: .relaxed) }

    func fail() { failedAt.withLock { $0 = .now } }

    func add(_ commands: RefusedCommands) { refused.withLock { $0.add(commands) } }

    /// Never `fail`: HTTP does not depend on it.
    /// - Parameters:
    ///   - queues: That should be consumed here.
    ///   - problem: Why they are not, if that is known.
    func health(of queues: Int, problem: String?) -> [ComponentHealth] {
        let missing = max(0, queues - consumed.load(ordering: .relaxed))
        let isFailing = failedAt.withLock { $0.map { .now - $0 < Self.memory } ?? false }
        let output =
            problem
            ?? (missing > 0
                ? "\(missing) queues are not consumed here: their commands wait"
                : "commands could not be settled within the last minute: the log says why")
        let refused = refused.withLock(\.self)
        return [
            ComponentHealth(
                name: "commands:queues", status: missing == 0 && !isFailing ? .pass : .warn, observed: Double(missing),
                unit: "missing", output: missing == 0 && !isFailing ? nil : output),
            ComponentHealth(
                name: "commands:refused", status: .pass, observed: Double(refused.count), unit: "commands",
                output: refused.count == 0 ? nil : refused.text),
        ]
    }
}
