import Inventory
import Prometheus
import ServiceLifecycle

/// The components of `/health`, as metrics: how far the replica is behind, how many events wait, and so on.
struct ComponentMetrics {
    private let status: MetricFamily<Gauge>
    private let seconds: MetricFamily<Gauge>
    private let bytes: MetricFamily<Gauge>
    private let items: MetricFamily<Gauge>

    init(_ registry: MetricRegistry) {
        status = registry.gauge(
            "khata_component_status", labels: ["component"],
            "The status of a component of /health: 0 pass, 1 warn, 2 fail")
        seconds = registry.gauge(
            "khata_component_seconds", labels: ["component"], "What /health observed of a component that has a time")
        bytes = registry.gauge(
            "khata_component_bytes", labels: ["component"], "What /health observed of a component that has a size")
        items = registry.gauge(
            "khata_component_items", labels: ["component"], "What /health observed of a component that has a number")
    }

    func set(_ components: [ComponentHealth]) {
        var values = (
            status: [String: Double](), seconds: [String: Double](), bytes: [String: Double](),
            items: [String: Double]()
        )
        for component in components {
            // One may have been observed in several units.
            values.status[component.name] = max(values.status[component.name] ?? 0, component.status.number)
            guard let observed = component.observed else { continue }
            switch component.unit {
            case "ms": values.seconds[component.name] = observed / 1_000
            case "s": values.seconds[component.name] = observed
            case "bytes": values.bytes[component.name] = observed
            default: values.items[component.name] = observed
            }
        }
        status.replace(values.status)
        seconds.replace(values.seconds)
        bytes.replace(values.bytes)
        items.replace(values.items)
    }
}

extension ComponentHealth.Status {
    fileprivate var number: Double {
        switch self {
        case .pass: 0
        case .warn: 1
        case .fail: 2
        }
    }
}

/// Asks for the health of the components every few seconds, so that a scrape need not wait for databases.
struct ComponentSampling: Service {
    let health: any HealthReporting
    let metrics: ComponentMetrics

    private static let interval = Duration.seconds(5)

    func run() async {
        await cancelWhenGracefulShutdown {
            repeat {
                metrics.set(await health.health())
            } while (try? await Task.sleep(for: Self.interval)) != nil
        }
    }
}
