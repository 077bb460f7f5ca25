import HTTPTypes
import InventoryContract
import InventoryHTTP
import Logging
import OpenTelemetry
import Synchronization
import Tracing

/// Logs requests, each or one in many.
struct RequestLog: Sendable {
    private final class Count: Sendable {
        let number = Atomic(0)
    }

    private let writer: LogWriter
    private let format: LogFormat
    private let interval: Int
    private let count = Count()

    /// - Parameter interval: One in this many is logged.
    init(_ writer: LogWriter, _ format: LogFormat, interval: Int) {
        self.writer = writer
        self.format = format
        self.interval = interval
    }

    /// Without a logger's metadata, which took a ninth of the service's time for cached reads.
    func add(_ request: ServedRequest, to route: RouteName?) {
        guard count.number.wrappingAdd(1, ordering: .relaxed).oldValue % interval == 0 else { return }
        // In the order of the fields' names, as in every line.
        var line = LogLine(format, .info, "request")
        if let status = request.cacheStatus { line.append("cache", status) }
        if let problem = request.problem { line.append("code", problem.code.rawValue) }
        line.append("duration_us", Int(request.duration / .microseconds(1)))
        line.append("method", request.request.method.rawValue)
        line.append("path", request.request.pathWithoutQuery)
        if let position = request.position { line.append("position", position) }
        if let principal = request.principal { line.append("principal", principal) }
        line.append("request_id", request.requestID)
        if let route { line.append("route", route.path) }
        line.append("status", request.response.status.code)
        if let traceID = request.traceID ?? ServiceContext.current?.recordedTraceID { line.append("trace_id", traceID) }
        writer.add(line.end(), isUrgent: false)
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
