import Basics
public import Tracing

/// The ids of a span, in hexadecimal digits as on the wire.
struct SpanIdentity: Equatable, Sendable {
    /// 32 digits.
    let traceID: String
    /// 16 digits.
    let spanID: String

    /// A new span's.
    /// - Parameter parent: `nil` for a trace of its own.
    init(childOf parent: SpanIdentity?) {
        traceID = parent?.traceID ?? Self.digits() + Self.digits()
        spanID = Self.digits()
    }

    init(_ parent: TraceParent) {
        traceID = String(parent.traceID)
        spanID = String(parent.parentID)
    }

    private static func digits() -> String {
        withUnsafeBytes(of: UInt64.random(in: 1 ... .max)) { $0.hexadecimal }
    }
}

/// What a context says of the span that is active in it.
enum ActiveSpan: Sendable {
    /// A span of this process.
    case recorded(RecordedSpan.Recording)
    /// The caller's.
    case remote(SpanIdentity, isSampled: Bool)

    var identity: SpanIdentity {
        switch self {
        case .recorded(let recording): recording.identity
        case .remote(let identity, _): identity
        }
    }
}

extension ServiceContext {
    private enum Key: ServiceContextKey {
        typealias Value = ActiveSpan
    }

    var activeSpan: ActiveSpan? {
        get { self[Key.self] }
        set { self[Key.self] = newValue }
    }

    /// The id of the trace that is recorded in this context, in 32 hexadecimal digits.
    public var recordedTraceID: String? {
        guard case .recorded(let recording) = activeSpan else { return nil }
        return recording.identity.traceID
    }
}
