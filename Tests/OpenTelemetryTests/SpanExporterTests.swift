import Foundation
import Logging
import NIOHTTP1
import ServerTesting
import ServiceLifecycle
import Testing
import Tracing

@testable import OpenTelemetry

@Suite("Exporting spans to a collector")
struct SpanExporterTests {
    @Test("a request has what OTLP wants")
    func request() async throws {
        try await ScriptedServer.with(answering(.answer(200, "{}"))) { collector, url in
            try await exporting(to: "\(url)/v1/traces") { tracer, exporter in
                let span = tracer.startSpan("GET /\"ü", context: .topLevel, ofKind: .server)
                span.attributes = ["text": "a\nb", "number": 7, "flag": true]
                span.setStatus(SpanStatus(code: .error, message: "no"))
                let other = tracer.startSpan("other", context: .topLevel)
                span.addLink(SpanLink(context: other.context, attributes: [:]))
                let child = tracer.startSpan("child", context: span.context, ofKind: .client)
                child.end()
                span.end()
                try await eventually("both are exported") { exporter.exportedSpans == 2 }
                let request = try #require(collector.requests.first)
                #expect(request.method == .POST && request.target == "/v1/traces")
                #expect(request.headers.first(name: "Content-Type") == "application/json")
                let spans = try ReceivedSpans(request.body)
                #expect(spans.service == "tested")
                let sent = try #require(spans.named(#"GET /"ü"#))
                #expect(sent.kind == 2 && sent.parentSpanId == nil && sent.status?.code == 2)
                #expect(sent.status?.message == "no")
                #expect(sent.traceId.wholeMatch(of: /[0-9a-f]{32}/) != nil)
                #expect(sent.spanId.wholeMatch(of: /[0-9a-f]{16}/) != nil)
                #expect(sent.attribute("text")?.stringValue == "a\nb")
                #expect(sent.attribute("number")?.intValue == "7")
                #expect(sent.attribute("flag")?.boolValue == true)
                let linked = try #require(other.context.activeSpan).identity
                #expect(sent.links?.map(\.traceId) == [linked.traceID] && sent.links?[0].spanId == linked.spanID)
                let start = try #require(UInt64(sent.startTimeUnixNano))
                let end = try #require(UInt64(sent.endTimeUnixNano))
                #expect(start <= end && abs(Double(start) / 1e9 - Date().timeIntervalSince1970) < 600)
                let inner = try #require(spans.named("child"))
                #expect(inner.traceId == sent.traceId && inner.parentSpanId == sent.spanId && inner.kind == 3)
            }
        }
    }

    @Test("a collector that is not available for a while gets the same spans later")
    func unavailable() async throws {
        let replies = answering(
            .answer(503, ""), .hangUp, .answer(429, headers: [("Retry-After", "1")], ""), .answer(200, ""))
        try await ScriptedServer.with(replies) { collector, url in
            try await exporting(to: "\(url)/v1/traces") { tracer, exporter in
                tracer.startSpan("kept", context: .topLevel).end()
                try await eventually("it is exported") { exporter.exportedSpans == 1 }
                #expect(collector.requests.count == 4 && exporter.failedSpans == 0)
                #expect(Set(collector.requests.map(\.body)).count == 1)
            }
        }
    }

    @Test("what the collector refuses is counted, and not sent again")
    func refused() async throws {
        let partial = #"{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}"#
        try await ScriptedServer.with(answering(.answer(400, ""), .answer(200, partial))) { collector, url in
            try await exporting(to: "\(url)/v1/traces") { tracer, exporter in
                for _ in 0..<2 { tracer.startSpan("refused", context: .topLevel).end() }
                try await eventually("they are refused") { exporter.failedSpans == 2 }
                #expect(collector.requests.count == 1 && exporter.exportedSpans == 0)
                for _ in 0..<3 { tracer.startSpan("accepted, but for one", context: .topLevel).end() }
                try await eventually("they are sent") { exporter.exportedSpans == 2 && exporter.failedSpans == 3 }
                #expect(collector.requests.count == 2)
            }
        }
    }

    @Test("at the end, what waits is sent; a collector that does not answer delays the end by two seconds")
    func end() async throws {
        try await ScriptedServer.with(answering(.answer(200, ""))) { collector, url in
            let exporter = try await exporting(to: "\(url)/v1/traces") { tracer, exporter in
                for _ in 0..<1_200 { tracer.startSpan("last", context: .topLevel).end() }
                return exporter
            }
            #expect(exporter.exportedSpans == 1_200 && collector.requests.count == 3)
        }
        try await ScriptedServer.with(answering(.silence)) { _, url in
            let start = ContinuousClock.now
            let exporter = try await exporting(to: "\(url)/v1/traces") { tracer, exporter in
                tracer.startSpan("last", context: .topLevel).end()
                return exporter
            }
            #expect(exporter.failedSpans == 1)
            // Without a limit it would take the ten seconds of a request.
            #expect(.now - start < .seconds(9))
        }
    }

    /// Each in its turn; the last for all that follow.
    private func answering(
        _ replies: ScriptedServer.Reply...
    ) -> @Sendable (Int, ScriptedServer.Request) -> ScriptedServer.Reply {
        { number, _ in replies[min(number, replies.count - 1)] }
    }

    private func exporting<T>(
        to url: String, _ body: (SamplingTracer, SpanExporter) async throws -> T
    ) async throws -> T {
        var limits = SamplingTracer.Limits()
        limits.interval = 1
        limits.tracesPerSecond = 10_000
        let queue = SpanQueue()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let exporter = SpanExporter(url: url, service: ExportedService(name: "tested"), queue: queue, logger: logger)
        let group = ServiceGroup(services: [exporter], logger: logger)
        let running = Task { try await group.run() }
        let result: Result<T, any Error>
        do {
            result = .success(try await body(SamplingTracer(limits, queue: queue), exporter))
        } catch {
            result = .failure(error)
        }
        await group.triggerGracefulShutdown()
        try await running.value
        return try result.get()
    }
}
