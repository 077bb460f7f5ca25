import HTTPTypes
import InventoryContract
import InventoryHTTP
import Logging
import Synchronization

/// Logs requests, each or one in many.
struct RequestLog: Sendable {
    private final class Count: Sendable {
        let number = Atomic(0)
    }

    private let logger: Logger
    private let interval: Int
    private let count = Count()

    /// - Parameter interval: One in this many is logged.
    init(_ logger: Logger, interval: Int) {
        self.logger = logger
        self.interval = interval
    }

    func add(_ request: ServedRequest, to route: RouteName?) {
        guard count.number.wrappingAdd(1, ordering: .relaxed).oldValue % interval == 0 else { return }
        var fields: Logger.Metadata = [
            "request_id": .string(request.requestID), "method": .string(request.request.method.rawValue),
            "path": .string(String((request.request.path ?? "").prefix { $0 != "?" })),
            "status": .stringConvertible(request.response.status.code),
            "duration_us": .stringConvertible(Int(request.duration / .microseconds(1))),
        ]
        fields["route"] = route.map { .string($0.path) }
        fields["principal"] = request.principal.map { .string($0) }
        fields["code"] = request.problem.map { .string($0.code.rawValue) }
        fields["cache"] = request.cacheStatus.map { .string($0) }
        fields["position"] = request.position.map { .string($0) }
        fields["trace_id"] = request.traceID.map { .string($0) }
        logger.info("request", metadata: fields)
    }
}

/// Counts what is observed of the HTTP server, and logs requests.
struct RequestObserver: HTTPObserver {
    let metrics: RequestMetrics
    /// `nil`: no request is logged.
    let log: RequestLog?

    func observe(_ observation: HTTPObservation) { metrics.observe(observation) }

    func requests(to route: RouteName?) -> @Sendable (ServedRequest) -> Void {
        let counted = metrics.requests(to: route)
        guard let log else { return counted }
        return { request in
            counted(request)
            log.add(request, to: route)
        }
    }
}
