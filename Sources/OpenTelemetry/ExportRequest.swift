import Foundation
import JSON
import Tracing

/// Who exports spans: OpenTelemetry's resource.
public struct ExportedService: Sendable {
    let attributes: SpanAttributes

    public init(name: String) {
        attributes = [
            "service.name": .string(name), "service.instance.id": .string(UUID().uuidString.lowercased()),
            "host.name": .string(ProcessInfo.processInfo.hostName),
            "process.pid": .int64(Int64(ProcessInfo.processInfo.processIdentifier)),
        ]
    }
}

extension JSONWriter {
    /// An `ExportTraceServiceRequest` (OTLP 1, JSON Protobuf Encoding: ids in hexadecimal, 64-bit integers as text).
    mutating func value(_ spans: [EndedSpan], of service: ExportedService) {
        openObject()
        key("resourceSpans")
        openArray()
        openObject()
        key("resource")
        openObject()
        field(service.attributes)
        closeObject()
        key("scopeSpans")
        openArray()
        openObject()
        key("scope")
        openObject()
        field("name", "khata")
        closeObject()
        key("spans")
        openArray()
        for span in spans { value(span) }
        closeArray()
        closeObject()
        closeArray()
        closeObject()
        closeArray()
        closeObject()
    }

    private mutating func value(_ span: EndedSpan) {
        openObject()
        field("traceId", span.identity.traceID)
        field("spanId", span.identity.spanID)
        optionalField("parentSpanId", span.parentID)
        field("name", span.name)
        field("kind", span.kind.number)
        field("startTimeUnixNano", String(span.start))
        field("endTimeUnixNano", String(span.end))
        field(span.attributes)
        if !span.links.isEmpty {
            key("links")
            openArray()
            for link in span.links {
                openObject()
                field("traceId", link.traceID)
                field("spanId", link.spanID)
                closeObject()
            }
            closeArray()
        }
        if let status = span.status {
            key("status")
            openObject()
            field("code", status.code == .ok ? 1 : 2)
            optionalField("message", status.message)
            closeObject()
        }
        closeObject()
    }

    private mutating func field(_ attributes: SpanAttributes) {
        key("attributes")
        openArray()
        // swift-format-ignore: ReplaceForEachWithForLoop
        attributes.forEach { name, attribute in
            openObject()
            field("key", name)
            key("value")
            openObject()
            switch attribute {
            case .int32(let number): field("intValue", String(number))
            case .int64(let number): field("intValue", String(number))
            case .bool(let flag): field("boolValue", flag)
            case .string(let text): field("stringValue", text)
            default: field("stringValue", "\(attribute)")
            }
            closeObject()
            closeObject()
        }
        closeArray()
    }
}

extension SpanKind {
    fileprivate var number: Int64 {
        switch self {
        case .internal: 1
        case .server: 2
        case .client: 3
        case .producer: 4
        case .consumer: 5
        }
    }
}
