import InventoryHTTP
import Postgres
import PostgresLedger
import Prometheus
import SQLiteLedger
import StockCache

/// All metrics of a serving process, at `/metrics` on the operator's port. Each is declared once, in the part that it is
/// about; docs/operations.md has a table of them, which a test compares with the declarations.
struct ServiceMetrics {
    let registry = MetricRegistry()
    let requests: RequestMetrics
    let ledger: LedgerMetrics
    let reconciliation: ReconciliationMetrics
    let events: EventMetrics
    let components: ComponentMetrics
    private let redisRoundTrips: Histogram
    private let redisFailures: Counter
    private let cacheTrusted: MetricFamily<Gauge>
    private let cacheTrustAge: MetricFamily<Gauge>
    private let waitingMovements: MetricFamily<Gauge>
    private let connections: MetricFamily<Gauge>
    private let waitingCallers: MetricFamily<Gauge>

    init() {
        requests = RequestMetrics(registry)
        cacheTrusted = registry.gauge("khata_cache_trusted", "Whether documents are served from the cache")
        cacheTrustAge = registry.gauge(
            "khata_cache_trust_age_seconds",
            "How long ago the cache was last known to be complete: 0 while it is trusted, NaN if it never was")
        redisRoundTrips =
            registry.durations(
                "khata_redis_round_trip_seconds", "Time of a command of Redis, or of several in one pipeline")[]
        redisFailures =
            registry.counter("khata_redis_failures_total", "Commands of Redis that failed or got no reply in time")[]
        ledger = LedgerMetrics(registry)
        waitingMovements = registry.gauge(
            "khata_waiting_movements", labels: ["lane"], "Movements that wait for a transaction")
        connections = registry.gauge(
            "khata_pool_connections", labels: ["pool", "state"], "Connections to databases, busy or idle")
        waitingCallers = registry.gauge(
            "khata_pool_waiting", labels: ["pool"], "Callers that wait for a connection to a database")
        reconciliation = ReconciliationMetrics(registry)
        events = EventMetrics(registry)
        components = ComponentMetrics(registry)
        registry.gauge(
            "khata_build_info", labels: ["postgres_schema", "sqlite_schema"],
            "1, with the newest versions of the schemas that the program knows")[
                "\(Schema.version)", "\(SQLiteLedger.schemaVersion)"
            ].set(1)
        registry.observeProcess()
    }

    func observeRedis(_ duration: Duration, isFailure: Bool) {
        if isFailure { redisFailures.add() } else { redisRoundTrips.observe(duration) }
    }

    /// Shows the state of the databases and the cache.
    func observe(_ ledger: PostgresLedger, _ cache: CacheConnection?) {
        registry.collect { [self] in
            for (lane, count) in ledger.waitingMovements { waitingMovements["\(lane)"].set(Double(count)) }
            for (name, status) in ledger.poolStatus {
                connections[name, "busy"].set(Double(status.busy))
                connections[name, "idle"].set(Double(status.idle))
                waitingCallers[name].set(Double(status.waiting))
            }
            guard let cache else { return }
            cacheTrusted[].set(cache.isTrusted ? 1 : 0)
            cacheTrustAge[].set(cache.trustAge.map { $0 / .seconds(1) } ?? .nan)
        }
    }

    /// Shows the state of the file.
    func observe(_ ledger: SQLiteLedger) {
        registry.collect { [self] in waitingMovements[LedgerMetrics.file].set(Double(ledger.waitingMovements)) }
    }
}
