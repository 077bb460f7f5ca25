import Basics
import Synchronization
public import Tracing

/// Records the spans of some traces, and hands them to a ``SpanExporter``.
///
/// Which traces is decided where they enter: those that the caller says it records (`traceparent`), and of those that
/// begin here, one in so many; of both together, no more than a number in each second.
public struct SamplingTracer: Tracer {
    public struct Limits: Sendable {
        /// Of the traces that begin here, one in this many is recorded, at random; 0: none.
        public var interval = 0
        /// The maximum traces that begin to be recorded in a second, whoever wants them.
        public var tracesPerSecond = 100

        public init() {}
    }

    private final class Window: Sendable {
        let state = Mutex((end: ContinuousClock.now, traces: 0))
    }

    private let limits: Limits
    private let queue: SpanQueue
    private let window = Window()

    public init(_ limits: Limits, queue: SpanQueue) {
        self.limits = limits
        self.queue = queue
    }

    public func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> RecordedSpan {
        var context = context()
        let parent = context.activeSpan
        guard isSampled(parent) else { return RecordedSpan(context: context, recording: nil) }
        let recording = RecordedSpan.Recording(
            operationName, SpanIdentity(childOf: parent?.identity), parentID: parent?.identity.spanID, kind,
            start: instant().nanosecondsSinceEpoch, queue: queue)
        context.activeSpan = .recorded(recording)
        return RecordedSpan(context: context, recording: recording)
    }

    public func activeSpan(identifiedBy context: ServiceContext) -> RecordedSpan? {
        guard case .recorded(let recording) = context.activeSpan else { return nil }
        return RecordedSpan(context: context, recording: recording)
    }

    /// Required, but deprecated: the exporter's shutdown flushes.
    public func forceFlush() {}

    private func isSampled(_ parent: ActiveSpan?) -> Bool {
        switch parent {
        case .recorded: true
        case .remote(_, let isSampled): isSampled && takesAnother()
        case nil: limits.interval > 0 && Int.random(in: 0..<limits.interval) == 0 && takesAnother()
        }
    }

    private func takesAnother() -> Bool {
        let now = ContinuousClock.now
        return window.state.withLock { state in
            if now >= state.end { state = (now + .seconds(1), 0) }
            guard state.traces < limits.tracesPerSecond else { return false }
            state.traces += 1
            return true
        }
    }

    private static let header = "traceparent"

    public func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let parent = extractor.extract(key: Self.header, from: carrier).flatMap(TraceParent.init) else { return }
        context.activeSpan = .remote(SpanIdentity(parent), isSampled: parent.isSampled)
    }

    public func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard case .recorded(let recording) = context.activeSpan else { return }
        let identity = recording.identity
        injector.inject("00-\(identity.traceID)-\(identity.spanID)-01", forKey: Self.header, into: &carrier)
    }
}
