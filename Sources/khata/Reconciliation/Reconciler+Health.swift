import Inventory
import Synchronization

extension Reconciler {
    /// As any process found it, at this one's last look; nothing before the first comparison.
    func health() -> [ComponentHealth] { Self.health(known.withLock(\.self), limits) }

    /// As the store has it, whether or not anybody compares; nothing if it does not respond.
    /// - Parameter hasDocuments: Whether there is a cache.
    static func health(
        of store: some ReconciliationStoring, hasDocuments: Bool, _ limits: Limits
    ) async -> [ComponentHealth] {
        guard limits.interval > .zero, let known = try? await store.reconciliations() else { return [] }
        return health(known.filter { hasDocuments || $0.part != .documents }, limits)
    }

    private static func health(_ known: [Reconciliation], _ limits: Limits) -> [ComponentHealth] {
        known.isEmpty ? [] : [differences(known), age(known, limits)]
    }

    private static func differences(_ known: [Reconciliation]) -> ComponentHealth {
        let differing = known.filter { $0.differences > 0 }.sorted { $0.differences > $1.differences }
        let more = differing.count - maximumNamed
        let names =
            differing.prefix(maximumNamed).map(\.part.name) + (more > 0 ? ["\(more.grouped) more"] : [])
        return ComponentHealth(
            name: "reconciliation:differences", status: differing.isEmpty ? .pass : .warn,
            observed: Double(differing.reduce(0) { $0 + $1.differences }),
            output: differing.isEmpty
                ? nil : "what is stored does not follow from the log: \(names.joined(separator: ", "))")
    }

    /// How long ago the part that has waited longest was compared.
    private static func age(_ known: [Reconciliation], _ limits: Limits) -> ComponentHealth {
        let oldest = known.map { $0.finishedAt ?? $0.knownSince }.min() ?? .now
        let age = Duration.microseconds(max(0, Timestamp.now.microseconds - oldest.microseconds))
        let isLate = age > limits.interval * 2
        return ComponentHealth(
            name: "reconciliation:age", status: isLate ? .warn : .pass, observed: age / .seconds(1), unit: "s",
            output: isLate ? "a ledger was not compared for twice reconciliation.interval_hours" : nil)
    }

    private static let maximumNamed = 5
}

extension ReconciledPart {
    fileprivate var name: String {
        switch self {
        case .ledger(let id): id.ledgerName
        case .documents: "cached documents"
        }
    }
}
