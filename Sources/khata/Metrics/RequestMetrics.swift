import Authentication
import HTTPTypes
import InventoryContract
import InventoryHTTP
import Prometheus
import StockCache

/// Counts what is observed of the HTTP server.
struct RequestMetrics: HTTPObserver {
    private let durations: MetricFamily<Histogram>
    private let inFlight: Gauge
    private let unreadable: Counter
    private let problems: [ProblemCode: Counter]
    private let quotaRefusals: MetricFamily<Counter>
    private let refusedCredentials: [CredentialRefusal: Counter]
    private let connections: Gauge
    private let refusedConnections: Counter
    private let cutConnections: [ConnectionCut: Counter]
    /// By `DocumentKind`, then by `DocumentOrigin`.
    private let reads: [Counter]
    private static let origins = DocumentOrigin.allCases.count
    private let loads: [Counter]
    private let fills: [Counter]

    init(_ registry: MetricRegistry) {
        durations = registry.durations(
            "khata_http_request_duration_seconds", labels: ["method", "route", "status"], hidesUnused: true,
            "Time from a request's head to its response, by route; none for requests that reach no route")
        inFlight = registry.gauge("khata_http_requests_in_flight", "Requests without a response yet")[]
        unreadable =
            registry.counter(
                "khata_http_requests_unreadable_total",
                "Requests whose body did not arrive, so that they got no response")[]
        let problems = registry.counter("khata_http_problems_total", labels: ["code"], "Problems, by their code")
        self.problems = .init(
            uniqueKeysWithValues: ProblemCode.allCases.map { ($0, problems[$0.rawValue]) })
        quotaRefusals = registry.counter(
            "khata_rate_limit_refusals_total", labels: ["policy"], "Requests beyond a rate, by its policy")
        let refusals = registry.counter(
            "khata_credentials_refused_total", labels: ["reason"], "Credentials that were refused, by the reason")
        refusedCredentials = .init(
            uniqueKeysWithValues: CredentialRefusal.allCases.map { ($0, refusals[$0.rawValue]) })
        connections = registry.gauge("khata_http_connections", "Open connections of clients")[]
        refusedConnections =
            registry.counter(
                "khata_http_connections_refused_total",
                "Connections that were closed at once, because there were too many")[]
        let cuts = registry.counter(
            "khata_http_connections_cut_total", labels: ["reason"], "Connections that the service ended, by the reason")
        cutConnections = .init(uniqueKeysWithValues: ConnectionCut.allCases.map { ($0, cuts[$0.rawValue]) })
        let reads = registry.counter(
            "khata_document_reads_total", labels: ["document", "result"],
            "Reads of what the cache may have, by how it was found")
        self.reads = DocumentKind.allCases.flatMap { kind in
            DocumentOrigin.allCases.map { reads["\(kind)", "\($0)"] }
        }
        let loads = registry.counter(
            "khata_document_loads_total", labels: ["document"], "Documents read from a database, for one reader or many"
        )
        self.loads = DocumentKind.allCases.map { loads["\($0)"] }
        let fills = registry.counter(
            "khata_document_fills_total", labels: ["document"], "Documents stored in the cache")
        self.fills = DocumentKind.allCases.map { fills["\($0)"] }
    }

    func observe(_ observation: HTTPObservation) {
        switch observation {
        case .requestBegan: inFlight.add(1)
        case .requestUnreadable:
            inFlight.add(-1)
            unreadable.add()
        case .documentRead(let kind, let origin):
            reads[kind.rawValue * Self.origins + origin.rawValue].add()
        case .documentLoaded(let kind): loads[kind.rawValue].add()
        case .connectionOpened: connections.add(1)
        case .connectionClosed: connections.add(-1)
        case .connectionRefused: refusedConnections.add()
        case .connectionCut(let reason): cutConnections[reason]?.add()
        }
    }

    /// A document was stored in the cache.
    func observeFill(_ key: DocumentKey) {
        if let kind = DocumentKind(key) { fills[kind.rawValue].add() }
    }

    func observe(_ refusal: CredentialRefusal) {
        refusedCredentials[refusal]?.add()
    }

    func requests(to route: RouteName?) -> @Sendable (ServedRequest) -> Void {
        let (method, path) = (route?.method ?? "none", route?.path ?? "none")
        let byStatus = Self.statuses.map { durations[method, path, "\($0)"] }
        return { request in
            inFlight.add(-1)
            let status = request.response.status.code
            if let index = Self.statuses.firstIndex(of: status) {
                byStatus[index].observe(request.duration)
            } else {
                durations[method, path, "\(status)"].observe(request.duration)
            }
            guard let problem = request.problem else { return }
            problems[problem.code]?.add()
            if let policy = problem.violatedPolicy { quotaRefusals[policy].add() }
        }
    }

    /// The frequent ones first.
    private static let statuses: [Int] =
        [200, 201, 304, 409, 202, 204]
        + Set(ProblemCode.allCases.map(\.status.code)).subtracting([409]).sorted()
}
