import InventoryContract
import Prometheus
import StockCommands
import Webhooks

/// Counts what goes out to webhooks, and what comes in through a queue.
struct EventMetrics {
    private let deliveries: [DeliveryOutcome: Counter]
    private let recorded: Counter
    private let replayed: Counter
    private let refused: MetricFamily<Counter>

    init(_ registry: MetricRegistry) {
        let deliveries = registry.counter(
            "khata_webhook_deliveries_total", labels: ["outcome"],
            "Attempts to deliver an event to a webhook: delivered, refused by the receiver, or without a response")
        self.deliveries = .init(
            uniqueKeysWithValues: DeliveryOutcome.allCases.map { ($0, deliveries[$0.rawValue]) })
        refused = registry.counter(
            "khata_queue_commands_total", labels: ["outcome"],
            "Commands that came through a queue: recorded, replayed, or the code of the problem")
        recorded = refused["recorded"]
        replayed = refused["replayed"]
    }

    func observe(_ outcome: DeliveryOutcome) {
        deliveries[outcome]?.add()
    }

    func observe(_ command: SettledCommand) {
        switch command {
        case .recorded: recorded.add()
        case .replayed: replayed.add()
        case .refused(let code): refused[code.rawValue].add()
        }
    }
}
