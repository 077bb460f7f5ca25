import Testing
import Tracing

@testable import OpenTelemetry

@Suite("Which spans are recorded")
struct SamplingTests {
    private static let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"

    @Test("a trace that the caller records goes on here; one that it does not record is not begun")
    func parent() throws {
        let queue = SpanQueue()
        let tracer = tracer(interval: 1, queue)
        let span = tracer.startSpan("a", context: context("\(Self.header)-01", tracer), ofKind: .server)
        #expect(span.isRecording)
        span.end()
        let ended = try #require(queue.take(10).first)
        #expect(ended.identity.traceID == "4bf92f3577b34da6a3ce929d0e0e4736" && ended.parentID == "00f067aa0ba902b7")
        #expect(ended.identity.spanID.count == 16 && ended.end >= ended.start)
        #expect(!tracer.startSpan("a", context: context("\(Self.header)-00", tracer)).isRecording)
        // What is not valid is as if it were not there.
        #expect(tracer.startSpan("a", context: context("\(Self.header)", tracer)).isRecording)
    }

    @Test("of the traces that begin here, one in so many is recorded, and none without a rate")
    func ratio() {
        func recorded(_ interval: Int) -> Int {
            let tracer = tracer(interval: interval, SpanQueue())
            return (0..<4_000).count { _ in tracer.startSpan("a", context: .topLevel).isRecording }
        }
        #expect(recorded(1) == 4_000)
        #expect((700..<1_300).contains(recorded(4)))
        #expect(recorded(0) == 0)
    }

    @Test("no caller has more recorded than the limit; the children of a recorded span are recorded in any case")
    func limit() {
        var limits = SamplingTracer.Limits()
        limits.tracesPerSecond = 5
        let tracer = SamplingTracer(limits, queue: SpanQueue())
        let spans = (0..<1_000).map { _ in tracer.startSpan("a", context: context("\(Self.header)-01", tracer)) }
        // A second may pass meanwhile.
        #expect((5...10).contains(spans.count { $0.isRecording }))
        #expect(tracer.startSpan("b", context: spans[0].context).isRecording)
        #expect(!tracer.startSpan("b", context: spans[999].context).isRecording)
    }

    @Test("a span is handed over once, and none waits beyond the capacity")
    func queue() {
        let queue = SpanQueue(capacity: 3)
        let tracer = tracer(interval: 1, queue)
        for number in 0..<5 {
            let span = tracer.startSpan("\(number)", context: .topLevel)
            span.end()
            span.end()
        }
        #expect(queue.droppedSpans == 2)
        #expect(queue.take(2).map(\.name) == ["0", "1"] && queue.take(9).map(\.name) == ["2"])
    }

    private func tracer(interval: Int, _ queue: SpanQueue) -> SamplingTracer {
        var limits = SamplingTracer.Limits()
        limits.interval = interval
        limits.tracesPerSecond = 1_000_000
        return SamplingTracer(limits, queue: queue)
    }

    private func context(_ header: String, _ tracer: SamplingTracer) -> ServiceContext {
        struct Headers: Extractor {
            func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
        }
        var context = ServiceContext.topLevel
        tracer.extract(["traceparent": header], into: &context, using: Headers())
        return context
    }
}
