import Foundation
import Prometheus

/// What two scrapes of an instance say: rates and quantiles are of the time between them.
struct InstanceFigures {
    private let now: MetricSamples
    /// What was counted in between; `nil` if there is only one scrape.
    private let between: MetricSamples?
    private let seconds: Double

    init(_ scrape: Scrape, since earlier: Scrape?) {
        now = scrape.samples
        between = earlier.map { scrape.samples.increases(since: $0.samples) }
        seconds = earlier.map { (scrape.at - $0.at) / .seconds(1) } ?? 0
    }

    // Traffic and errors

    var requestsPerSecond: Double? { rate("khata_http_request_duration_seconds_count") }

    /// Of the requests that were responded to, those with a status of 5xx, in percent.
    var failedPercent: Double? {
        let name = "khata_http_request_duration_seconds_count"
        return percent(between?.sum(name) { $0["status"]?.hasPrefix("5") ?? false } ?? 0, of: between?.sum(name))
    }

    /// Requests beyond a rate.
    var limitedPerSecond: Double? { rate("khata_rate_limit_refusals_total") ?? (between == nil ? nil : 0) }

    var movementsPerSecond: Double? { rate("khata_movements_total") ?? (between == nil ? nil : 0) }

    // Latency, in seconds

    /// Without requests that wait for changes, for as long as their clients wish.
    func requestSeconds(_ quantile: Double) -> Double? {
        between?.histogram("khata_http_request_duration_seconds") { !($0["route"]?.hasSuffix("/changes") ?? false) }
            .quantile(quantile)
    }

    func redisSeconds(_ quantile: Double) -> Double? {
        between?.histogram("khata_redis_round_trip_seconds").quantile(quantile)
    }

    // Saturation

    var requestsInFlight: Double? { now.sum("khata_http_requests_in_flight") }

    var waiting: Double? {
        let values = [now.sum("khata_waiting_movements"), now.sum("khata_pool_waiting")].compactMap(\.self)
        return values.isEmpty ? nil : values.reduce(0, +)
    }

    /// Of one core.
    var processorPercent: Double? { rate("process_cpu_seconds_total").map { 100 * $0 } }

    var memoryMebibytes: Double? { now.sum("process_resident_memory_bytes").map { $0 / 1_048_576 } }

    // The cache

    /// Whether all of it is.
    var isCacheTrusted: Bool? { now.sum("khata_cache_trusted").map { $0 == 1 } }

    /// Of the reads of what the cache may have, in percent.
    var hitPercent: Double? {
        func reads(_ isCounted: (String) -> Bool) -> Double? {
            between?.sum("khata_document_reads_total") { isCounted($0["result"] ?? "") }
        }
        return percent(reads { $0 == "hit" } ?? 0, of: reads { $0 != "uncached" })
    }

    var fillsPerSecond: Double? { rate("khata_document_fills_total") }

    // Lag

    /// What `/health` observed of a component.
    func observed(_ component: String, in unit: String) -> Double? {
        now.sum("khata_component_\(unit)") { $0["component"] == component }
    }

    /// The maximum that `/health` observed of a replica's lag.
    func replicaLag(in unit: String) -> Double? {
        now["khata_component_\(unit)"]
            .filter { $0.key["component"]?.wholeMatch(of: /replica(-\d+)?:lag/) != nil }.values.max()
    }

    /// How many replicas there are, and how many of them reads use; `nil` if there are none.
    var replicas: (count: Int, used: Int)? {
        let faults = now["khata_replica_fault"]
        let all = Set(faults.keys.compactMap { $0["replica"] })
        let unused = Set(faults.filter { $0.value > 0 }.keys.compactMap { $0["replica"] })
        return all.isEmpty ? nil : (all.count, all.count - unused.count)
    }

    /// The components that do not pass, worst first: 1 warns, 2 fails.
    var problems: [(component: String, status: Double)] {
        now["khata_component_status"].filter { $0.value > 0 }.map { ($0.key["component"] ?? "", $0.value) }
            .sorted { ($1.status, $0.component) < ($0.status, $1.component) }
    }

    // Lanes

    var lanes: [String] {
        now["khata_waiting_movements"].keys.compactMap { $0["lane"] }
            .sorted { $0.compare($1, options: .numeric) == .orderedAscending }
    }

    func waiting(in lane: String) -> Double? { now.sum("khata_waiting_movements") { $0["lane"] == lane } }

    func commitsPerSecond(in lane: String) -> Double? { rate("khata_commit_duration_seconds_count", in: lane) }

    func commandsPerCommit(in lane: String) -> Double? {
        guard let commits = rate("khata_commit_commands_count", in: lane), commits > 0 else { return nil }
        return rate("khata_commit_commands_sum", in: lane).map { $0 / commits }
    }

    func commitSeconds(_ quantile: Double, in lane: String) -> Double? {
        between?.histogram("khata_commit_duration_seconds") { $0["lane"] == lane }.quantile(quantile)
    }

    func refusedPerSecond(in lane: String) -> Double? { rate("khata_lane_refusals_total", in: lane) }

    /// What has not been counted yet is 0.
    private func rate(_ name: String, in lane: String) -> Double? {
        between == nil ? nil : rate(name) { $0["lane"] == lane } ?? 0
    }

    private func rate(_ name: String, where matches: (MetricSamples.Labels) -> Bool = { _ in true }) -> Double? {
        guard seconds > 0 else { return nil }
        return between?.sum(name, where: matches).map { $0 / seconds }
    }

    private func percent(_ part: Double, of whole: Double?) -> Double? {
        guard let whole, whole > 0 else { return nil }
        return 100 * part / whole
    }
}
