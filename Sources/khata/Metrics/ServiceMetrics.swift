import InventoryHTTP
import OpenTelemetry
import Postgres
import PostgresLedger
import Prometheus
import Redis
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
    private let replicaReads: MetricFamily<Counter>
    private let replicaReadsInFlight: MetricFamily<Gauge>
    private let replicaFaults: MetricFamily<Gauge>
    private let spans: MetricFamily<Counter>

    /// - Parameter log: `nil` where there is none, as in tests of the declarations.
    init(log: LogWriter?) {
        requests = RequestMetrics(registry)
        cacheTrusted = registry.gauge(
            "khata_cache_trusted",
            "The share of the cache that documents are served from: 0 or 1, between with a cluster")
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
        replicaReads = registry.counter(
            "khata_replica_reads_total", labels: ["replica", "result"],
            "Reads that a replica was chosen for, by its number in the settings, and whether it served them")
        replicaReadsInFlight = registry.gauge(
            "khata_replica_reads_in_flight", labels: ["replica"], "Reads that a replica has not responded to yet")
        replicaFaults = registry.gauge(
            "khata_replica_fault", labels: ["replica", "reason"], "1 if reads do not use a replica for the reason, or 0"
        )
        reconciliation = ReconciliationMetrics(registry)
        events = EventMetrics(registry)
        components = ComponentMetrics(registry)
        registry.gauge(
            "khata_build_info", labels: ["postgres_schema", "sqlite_schema"],
            "1, with the newest versions of the schemas that the program knows")[
                "\(Schema.version)", "\(SQLiteLedger.schemaVersion)"
            ].set(1)
        spans = registry.counter(
            "khata_spans_total", labels: ["result"],
            "Spans that were exported, dropped because too many waited, or not taken by the collector (failed)")
        let droppedLines = registry.counter(
            "khata_log_lines_dropped_total", "Lines of the log that were dropped, because it was not read")[]
        if let log { registry.collect { droppedLines.set(log.droppedLines) } }
        registry.observeProcess()
    }

    func observe(_ roundTrip: RedisRoundTrip) {
        if roundTrip.isFailure { redisFailures.add() } else { redisRoundTrips.observe(roundTrip.duration) }
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
            for replica in ledger.replicaStatus { set(replica) }
            guard let cache else { return }
            cacheTrusted[].set(cache.trustedShare)
            cacheTrustAge[].set(cache.trustAge.map { $0 / .seconds(1) } ?? .nan)
        }
    }

    private func set(_ replica: ReplicaStatus) {
        let number = "\(replica.number)"
        for result in ReplicaReadResult.allCases {
            replicaReads[number, result.rawValue].set(replica.results[result, default: 0])
        }
        replicaReadsInFlight[number].set(Double(replica.readsInFlight))
        for fault in ReplicaFault.allCases {
            replicaFaults[number, fault.rawValue].set(replica.fault == fault ? 1 : 0)
        }
    }

    /// Shows what became of spans.
    func observe(_ traces: Traces) {
        registry.collect { [self] in
            spans["exported"].set(traces.exporter.exportedSpans)
            spans["dropped"].set(traces.queue.droppedSpans)
            spans["failed"].set(traces.exporter.failedSpans)
        }
    }

    /// Shows the state of the file.
    func observe(_ ledger: SQLiteLedger) {
        registry.collect { [self] in waitingMovements[LedgerMetrics.file].set(Double(ledger.waitingMovements)) }
    }
}
