import Inventory
import Prometheus

/// Counts what is compared, and shows what was found.
struct ReconciliationMetrics {
    private let differences: MetricFamily<Gauge>
    private let comparisons: MetricFamily<Counter>
    private let entries: Counter

    init(_ registry: MetricRegistry) {
        differences = registry.gauge(
            "khata_reconciliation_differences", labels: ["part"],
            "Differences that the last comparison of each ledger, and of the cached documents, found")
        comparisons = registry.counter(
            "khata_reconciliation_comparisons_total", labels: ["part", "result"],
            "Ledgers and cached documents that this process compared, by the result")
        entries =
            registry.counter(
                "khata_reconciliation_entries_total", "Entries of audit logs that this process compared")[]
        for part in ReconciledPart.labels { for result in Result.allCases { _ = comparisons[part, result.rawValue] } }
    }

    private enum Result: String, CaseIterable {
        case same, different, failed
    }

    func set(_ known: [Reconciliation]) {
        let sums = Dictionary(known.map { ($0.part.label, Double($0.differences)) }, uniquingKeysWith: +)
        for part in ReconciledPart.labels { differences[part].set(sums[part] ?? 0) }
    }

    func count(entries count: Int) { entries.add(count) }

    func count(_ part: ReconciledPart, differences: Int) {
        comparisons[part.label, (differences == 0 ? Result.same : .different).rawValue].add()
    }

    func countFailure(of part: ReconciledPart) { comparisons[part.label, Result.failed.rawValue].add() }
}

extension ReconciledPart {
    fileprivate static let labels = ["ledger", "document"]

    fileprivate var label: String {
        switch self {
        case .ledger: Self.labels[0]
        case .documents: Self.labels[1]
        }
    }
}
