import Basics
import HTTPTypes
import InventoryContract
import Tracing

extension HTTPRequest {
    /// The id of the trace that the caller says the request is part of.
    var traceID: String? { headerFields[.traceParent].flatMap(TraceParent.init).map { String($0.traceID) } }
}

extension Tracer {
    /// Starts the span of a request, as part of the caller's trace if there is one.
    /// - Returns: `nil` if the request is not sampled.
    func startedSpan(of request: HTTPRequest) -> (any Tracing.Span)? {
        var context = ServiceContext.topLevel
        extract(request.headerFields, into: &context, using: HeaderExtractor())
        let span = startSpan(request.method.rawValue, context: context, ofKind: .server)
        return span.isRecording ? span : nil
    }
}

private struct HeaderExtractor: Extractor {
    func extract(key: String, from fields: HTTPFields) -> String? {
        HTTPField.Name(key).flatMap { fields[$0] }
    }
}

extension Span {
    /// Records what is known of a request by the time it has a response, with OpenTelemetry's names for it.
    /// - Parameter route: `nil` if it reached none.
    func record(_ served: ServedRequest, route: Route?, isEncrypted: Bool) {
        if let route { operationName = "\(served.request.method) \(route.path)" }
        let status = served.response.status
        updateAttributes { attributes in
            attributes["http.request.method"] = served.request.method.rawValue
            attributes["url.scheme"] = isEncrypted ? "https" : "http"
            attributes["url.path"] = served.request.pathWithoutQuery
            attributes["http.route"] = route?.path
            attributes["http.response.status_code"] = status.code
            attributes["error.type"] = served.problem?.code.rawValue
            attributes["khata.request_id"] = served.requestID
            attributes["khata.cache_status"] = served.cacheStatus
            attributes["khata.position"] = served.position
        }
        if status.kind == .serverError { setStatus(SpanStatus(code: .error)) }
    }
}
