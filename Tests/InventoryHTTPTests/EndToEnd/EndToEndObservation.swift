import Access
import HTTPTypes
import InventoryContract
import NIOHTTP1
import Prometheus
import ServerTesting
import StockCache
import Synchronization
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    @Suite("Observation")
    struct Observation {
        @Test("each request is observed once, with its route, status, principal and problem")
        func requests() async throws {
            let observed = Observed()
            try await LiveServer.with(LiveServer.Setup(observer: observed)) { server in
                try await server.stocked()
                observed.clear()
                _ = try await server.get("/api/v1/stores/1/stock", as: .reader)
                _ = try await server.send(.HEAD, "/stores/2/stock", as: .reader)
                _ = try await server.get("/stores/1/stock/999", as: .reader)
                _ = try await server.get("/nothing/here", as: .reader)
                _ = try await server.get("/stores/1/stock", as: nil)
                _ = try await server.move(101, store: 1, 1_000, "sale")
                _ = try await server.send(.GET, "/livez", opsPort: true)
                #expect(
                    observed.requests == [
                        "GET /stores/{store_id}/stock 200", "GET /stores/{store_id}/stock 200",
                        "GET /stores/{store_id}/stock/{product_id} 404 not-found", "none 404 not-found",
                        "GET /stores/{store_id}/stock 401 unauthenticated anonymous",
                        "POST /stock-movements 409 insufficient-stock",
                    ])
                #expect(observed.inFlight == 0)
            }
        }

        @Test("reads of documents are observed as misses first, and then as hits")
        func documents() async throws {
            let observed = Observed()
            try await LiveServer.withCache(observer: observed) { server in
                try await server.stocked()
                try await eventually("a read is a hit") {
                    _ = try await server.get("/stores/1/stock")
                    return observed.count { $0 == "documentRead(stock, hit)" } > 0
                }
                let loads = observed.count { $0 == "documentLoaded(stock)" }
                #expect(loads > 0 && loads == observed.count { $0 == "documentRead(stock, miss)" })
                _ = try await server.get("/stores/1/stock?as_of=2020-01-01T00:00:00Z")
                #expect(observed.count { $0 == "documentRead(stock, uncached)" } == 1)
            }
        }

        @Test("connections are observed, also those that are ended because they send what is not HTTP")
        func connections() async throws {
            let observed = Observed()
            try await LiveServer.with(LiveServer.Setup(observer: observed)) { server in
                _ = try await exchange(port: server.port, ["GET\r\n\r\n"])
                try await eventually("the connection is closed") { observed.count { $0 == "connectionClosed" } == 1 }
                #expect(observed.count { $0 == "connectionCut(malformed)" } == 1)
            }
        }

        @Test("only the operator's port shows metrics, in the format that is asked for")
        func metrics() async throws {
            let metrics = MetricRegistry()
            metrics.counter("shop_sold_total", "Units sold")[].add(3)
            try await LiveServer.with(LiveServer.Setup(metrics: metrics)) { server in
                let text = try await server.send(.GET, "/metrics", as: nil, opsPort: true)
                #expect(text.status == 200)
                #expect(text.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
                #expect(text.text.hasSuffix("\nshop_sold_total 3\n"))
                // As Prometheus sends it.
                let accept = """
                    application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                    text/plain;version=0.0.4;q=0.5,*/*;q=0.1
                    """
                let open = try await server.send(
                    .GET, "/metrics", as: nil, headers: [("Accept", accept)], opsPort: true)
                #expect(open.header("Content-Type") == "application/openmetrics-text; version=1.0.0; charset=utf-8")
                #expect(open.text.hasSuffix("\nshop_sold_total 3\n# EOF\n"))
                #expect(try await server.get("/metrics").status == 404)
            }
        }
    }
}

/// Remembers what is observed, as text.
private final class Observed: HTTPObserver {
    private let state = Mutex((events: [String](), requests: [String](), inFlight: 0))

    var requests: [String] { state.withLock { $0.requests } }
    var inFlight: Int { state.withLock { $0.inFlight } }

    func count(where matches: (String) -> Bool) -> Int { state.withLock { $0.events.count(where: matches) } }

    func clear() { state.withLock { ($0.events, $0.requests) = ([], []) } }

    func observe(_ observation: HTTPObservation) {
        state.withLock { state in
            switch observation {
            case .requestBegan: state.inFlight += 1
            case .requestUnreadable: state.inFlight -= 1
            case .connectionCut(let reason): state.events.append("connectionCut(\(reason))")
            case .documentRead(let kind, let origin): state.events.append("documentRead(\(kind), \(origin))")
            case .documentLoaded(let kind): state.events.append("documentLoaded(\(kind))")
            case .connectionOpened, .connectionClosed, .connectionRefused: state.events.append("\(observation)")
            }
        }
    }

    func requests(to route: RouteName?) -> @Sendable (ServedRequest) -> Void {
        { [self] request in
            let name = route.map { "\($0.method) \($0.path)" } ?? "none"
            let problem = request.problem.map { " \($0.code.rawValue)" } ?? ""
            state.withLock { state in
                state.requests.append(
                    "\(name) \(request.response.status.code)\(problem)\(request.principal == nil ? " anonymous" : "")")
                state.inFlight -= 1
            }
        }
    }
}
