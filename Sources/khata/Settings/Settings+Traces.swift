import Foundation
import Logging
import OpenTelemetry

/// Where traces are exported to, and which.
struct TraceSettings {
    var url: String?
    var limits = SamplingTracer.Limits()
}

extension Settings {
    @SettingsBuilder
    static var tracing: [Setting] {
        Setting(
            "traces.url", \.traces.url, example: "http://127.0.0.1:4318/v1/traces",
            """
            An OpenTelemetry collector, to which traces are sent by OTLP over HTTP, in JSON. Without one, nothing is traced.
            """)
        Setting(
            "traces.requests", \.traces.limits.interval, in: 0...1_000_000,
            """
            Of the requests without a `traceparent`, 1: each is traced. 1000: one in a thousand, at random. 0: none. Those
            whose `traceparent` says that the caller records them are always traced, those whose says that it does not never.
            """)
        Setting(
            "traces.per_second", \.traces.limits.tracesPerSecond, in: 1...10_000,
            "The maximum requests that are traced in a second, whoever wants that.")
    }

    /// The traces of an instance, if there is a collector.
    func traces(_ logger: Logger) -> Traces? {
        traces.url.map { url in
            let queue = SpanQueue()
            return Traces(
                tracer: SamplingTracer(traces.limits, queue: queue), queue: queue,
                exporter: SpanExporter(
                    url: url, service: ExportedService(name: "khata"), queue: queue, logger: logger))
        }
    }

    func checkTraces() throws(SettingsError) {
        guard let text = traces.url else { return }
        let url = URL(string: text)
        guard let url, ["http", "https"].contains(url.scheme), url.host?.isEmpty == false, !url.path.isEmpty else {
            throw SettingsError(
                "traces.url is \"\(text)\": it has to be a URL of http or https with a path, which most collectors have at "
                    + "http://HOST:4318/v1/traces")
        }
    }
}
