import Inventory
import PostgresLedger
import Prometheus
import SQLiteLedger

/// Counts what is observed of a ledger.
struct LedgerMetrics: LedgerObserver, LedgerFileObserver {
    /// The lane of a file.
    static let file = "file"

    private let commits: MetricFamily<Histogram>
    private let batches: MetricFamily<Histogram>
    private let commands: MetricFamily<Counter>
    private let movements: MetricFamily<Counter>
    private let emptied: Counter
    private let refusals: MetricFamily<Counter>
    private let incidents: MetricFamily<Counter>
    private let expired: Counter
    private let lost: Counter
    private let roundTrips: MetricFamily<Histogram>

    init(_ registry: MetricRegistry) {
        commits = registry.durations(
            "khata_commit_duration_seconds", labels: ["lane"],
            "Time of a transaction of movements, from its locks to its commit")
        batches = registry.histogram(
            "khata_commit_commands", labels: ["lane"], bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256],
            "Commands that shared a transaction")
        commands = registry.counter(
            "khata_commands_total", labels: ["outcome"],
            "Commands that were decided: recorded, replayed, or why they were refused")
        movements = registry.counter("khata_movements_total", labels: ["type"], "Movements recorded by this process")
        emptied = registry.counter("khata_levels_emptied_total", "Movements that took a level of stock to zero")[]
        refusals = registry.counter(
            "khata_lane_refusals_total", labels: ["lane"], "Commands refused because the queue of their lane was full")
        incidents = registry.counter(
            "khata_ledger_incidents_total", labels: ["kind"], "Failures of databases or of the file, by their kind")
        for kind in Incident.allCases { _ = incidents[kind.rawValue] }
        expired = registry.counter("khata_idempotency_records_expired_total", "Idempotency records that were deleted")[]
        lost =
            registry.counter(
                "khata_entries_lost_total",
                "Entries of ledgers that this process had recorded, and that a failover lost")[]
        roundTrips = registry.durations(
            "khata_database_round_trip_seconds", labels: ["server", "statement"],
            "Time of a round trip to a database, by the statement that it was for")
    }

    /// What goes wrong, as the label of a metric.
    private enum Incident: String, CaseIterable {
        case batchSplit = "batch-split"
        case commandRejected = "command-rejected"
        case transactionRetried = "transaction-retried"
        case commitUncertain = "commit-uncertain"
        case outcomeUnknown = "outcome-unknown"
        case primaryUnavailable = "primary-unavailable"
        case replicaBehind = "replica-behind"
        case replicaFailed = "replica-failed"
        case readFailed = "read-failed"
        case writeFailed = "write-failed"
        case expiryFailed = "expiry-failed"
        case outboxLeft = "outbox-left"
        case damaged, displaced, moved
        case closingFailed = "closing-failed"
    }

    func observe(_ observation: LedgerObservation) {
        switch observation {
        case .commit(let event, let lane): observe(event, lane: lane.map { "\($0)" } ?? "catalog")
        case .roundTrip(let statement, let isReplica, let duration):
            roundTrips[isReplica ? "replica" : "primary", statement].observe(duration)
        case .transactionRetried: count(.transactionRetried)
        case .commitUncertain: count(.commitUncertain)
        case .outcomeUnknown: count(.outcomeUnknown)
        case .primaryUnavailable: count(.primaryUnavailable)
        case .replicaSkipped(nil): count(.replicaBehind)
        case .replicaSkipped: count(.replicaFailed)
        case .replicaChanged: break
        case .historyChanged(_, _, _, let entries): lost.add(entries.count)
        case .readFailed: count(.readFailed)
        case .recordsExpired(let number): expired.add(number)
        case .expiryFailed: count(.expiryFailed)
        case .outboxLeft: count(.outboxLeft)
        }
    }

    func observe(_ observation: LedgerFileObservation) {
        switch observation {
        case .commit(let event): observe(event, lane: Self.file)
        case .commitUncertain: count(.commitUncertain)
        case .outcomeUnknown: count(.outcomeUnknown)
        case .writeFailed: count(.writeFailed)
        case .readFailed: count(.readFailed)
        case .damaged: count(.damaged)
        case .recordsExpired(let number): expired.add(number)
        case .expiryFailed: count(.expiryFailed)
        case .displaced: count(.displaced)
        case .closingFailed: count(.closingFailed)
        case .moved: count(.moved)
        }
    }

    private func observe(_ event: CommitEvent, lane: String) {
        switch event {
        case .committed(let decision, let count, let duration):
            commits[lane].observe(duration)
            batches[lane].observe(count)
            // A look-up takes a lock: one for each label of a batch, not for each command.
            for (outcome, count) in counts(of: decision.receipts.lazy.map(\.outcomeLabel)) {
                commands[outcome].add(count)
            }
            for (type, count) in counts(of: decision.entries.lazy.map(\.type)) {
                movements[type.rawValue].add(count)
            }
            emptied.add(decision.entries.count { $0.onHandAfter == 0 })
        case .refused: refusals[lane].add()
        case .split: count(.batchSplit)
        case .rejected: count(.commandRejected)
        }
    }

    private func counts<Label: Hashable>(of labels: some Sequence<Label>) -> [Label: Int] {
        labels.reduce(into: [:]) { counts, label in counts[label, default: 0] += 1 }
    }

    private func count(_ incident: Incident) {
        incidents[incident.rawValue].add()
    }
}

extension Result<Receipt<Outcome>, Refusal> {
    fileprivate var outcomeLabel: String {
        switch self {
        case .success(let receipt): receipt.isReplay ? "replayed" : "recorded"
        case .failure(let refusal):
            switch refusal {
            case .insufficientStock: "insufficient-stock"
            case .stockChanged: "stock-changed"
            case .unknownProduct: "unknown-product"
            case .unknownStore: "unknown-store"
            case .ambiguousName: "ambiguous-name"
            case .notFound: "not-found"
            case .alreadyExists: "already-exists"
            case .inUse: "in-use"
            case .preconditionFailed: "precondition-failed"
            case .idempotencyKeyReused: "idempotency-key-reused"
            case .batch: "batch"
            case .idsExhausted: "ids-exhausted"
            case .invalid: "invalid"
            }
        }
    }
}
