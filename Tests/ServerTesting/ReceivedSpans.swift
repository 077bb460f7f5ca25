import Foundation

/// The spans of OTLP requests in JSON, as a collector reads them.
public struct ReceivedSpans: Decodable, Sendable {
    public struct Span: Decodable, Sendable {
        public struct Status: Decodable, Sendable {
            public let code: Int
            public let message: String?
        }

        public struct Link: Decodable, Sendable {
            public let traceId: String
            public let spanId: String
        }

        public let traceId: String
        public let spanId: String
        public let parentSpanId: String?
        public let name: String
        public let kind: Int
        public let startTimeUnixNano: String
        public let endTimeUnixNano: String
        public let attributes: [Attribute]
        public let links: [Link]?
        public let status: Status?

        public func attribute(_ key: String) -> Attribute.Value? { attributes.first { $0.key == key }?.value }
    }

    public struct Attribute: Decodable, Sendable {
        public struct Value: Decodable, Sendable {
            public let stringValue: String?
            public let intValue: String?
            public let boolValue: Bool?
        }

        public let key: String
        public let value: Value
    }

    private struct ResourceSpans: Decodable, Sendable {
        struct Resource: Decodable, Sendable {
            let attributes: [Attribute]
        }

        struct ScopeSpans: Decodable, Sendable {
            let spans: [Span]
        }

        let resource: Resource
        let scopeSpans: [ScopeSpans]
    }

    private let resourceSpans: [ResourceSpans]

    public init(_ body: String) throws {
        self = try JSONDecoder().decode(ReceivedSpans.self, from: Data(body.utf8))
    }

    public var spans: [Span] { resourceSpans.flatMap(\.scopeSpans).flatMap(\.spans) }

    public var service: String? {
        resourceSpans.first?.resource.attributes.first { $0.key == "service.name" }?.value.stringValue
    }

    public func named(_ name: String) -> Span? { spans.first { $0.name == name } }
}
