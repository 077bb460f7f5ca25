import AuthenticationTesting
import Foundation
import Inventory
import InventoryHTTP
import Prometheus

@testable import khata

/// A reconciler that does not rest, and its metrics.
struct TestReconciler {
    enum Result: String { case same, different, failed }

    let service: Reconciler
    private let metrics = ServiceMetrics(log: nil)

    init(
        _ ledger: any Reconciler.Ledger, _ log: CollectedLog, _ documents: DocumentComparison? = nil,
        interval: Duration = .zero
    ) {
        let limits = Reconciler.Limits(
            interval: interval, documentInterval: interval, loadPercent: 100, pause: .milliseconds(5))
        service = Reconciler(ledger, documents, limits, metrics.reconciliation, log.logger)
    }

    func comparisons(_ result: Result, of part: String = "ledger") -> Int {
        value(#"khata_reconciliation_comparisons_total{part="\#(part)",result="\#(result.rawValue)"}"#)
    }

    var differences: Int { value(#"khata_reconciliation_differences{part="ledger"}"#) }

    var documentDifferences: Int { value(#"khata_reconciliation_differences{part="document"}"#) }

    private func value(_ series: String) -> Int {
        let text = String(decoding: metrics.registry.exposition(.text), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix(series + " ") }
        return line.flatMap { Int($0.dropFirst(series.utf8.count + 1)) } ?? 0
    }
}
