import Synchronization
public import Tracing

/// A span, if it is sampled; otherwise nothing is kept of it.
public struct RecordedSpan: Span {
    final class Recording: Sendable {
        struct State {
            var name: String
            var attributes: SpanAttributes = [:]
            var status: SpanStatus?
            var links: [SpanIdentity] = []
            var isEnded = false
        }

        let identity: SpanIdentity
        let parentID: String?
        let kind: SpanKind
        let start: UInt64
        let queue: SpanQueue
        let state: Mutex<State>

        init(
            _ name: String, _ identity: SpanIdentity, parentID: String?, _ kind: SpanKind, start: UInt64,
            queue: SpanQueue
        ) {
            self.identity = identity
            self.parentID = parentID
            self.kind = kind
            self.start = start
            self.queue = queue
            state = Mutex(State(name: name))
        }
    }

    public let context: ServiceContext
    /// `nil` if it is not sampled.
    let recording: Recording?

    /// Further links of a span are left out.
    static let maximumLinks = 128

    public var isRecording: Bool { recording != nil }

    public var operationName: String {
        get { recording?.state.withLock { $0.name } ?? "" }
        nonmutating set { recording?.state.withLock { $0.name = newValue } }
    }

    public var attributes: SpanAttributes {
        get { recording?.state.withLock { $0.attributes } ?? [:] }
        nonmutating set { recording?.state.withLock { $0.attributes = newValue } }
    }

    public func setStatus(_ status: SpanStatus) {
        recording?.state.withLock { $0.status = status }
    }

    public func addLink(_ link: SpanLink) {
        guard let identity = link.context.activeSpan?.identity else { return }
        recording?.state.withLock { state in
            if state.links.count < Self.maximumLinks { state.links.append(identity) }
        }
    }

    /// Nothing in Khata adds events.
    public func addEvent(_ event: SpanEvent) {}

    public func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        recording?.state.withLock { $0.attributes["error.type"] = "\(type(of: error))" }
    }

    public func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        guard let recording else { return }
        let end = instant().nanosecondsSinceEpoch
        let ended = recording.state.withLock { state -> EndedSpan? in
            guard !state.isEnded else { return nil }
            state.isEnded = true
            return EndedSpan(
                identity: recording.identity, parentID: recording.parentID, name: state.name, kind: recording.kind,
                start: recording.start, end: end, attributes: state.attributes, status: state.status,
                links: state.links)
        }
        if let ended { recording.queue.add(ended) }
    }
}

/// A span as it is exported.
struct EndedSpan: Sendable {
    let identity: SpanIdentity
    let parentID: String?
    let name: String
    let kind: SpanKind
    /// Nanoseconds since 1970.
    let start: UInt64
    let end: UInt64
    let attributes: SpanAttributes
    let status: SpanStatus?
    let links: [SpanIdentity]
}
