import AsyncHTTPClient
import Basics
import JSON
public import Logging
import NIOCore
import NIOHTTP1
public import ServiceLifecycle
import Synchronization

/// Sends ended spans to a collector: OTLP over HTTP, in JSON
/// (https://opentelemetry.io/docs/specs/otlp/#otlphttp).
///
/// A collector that is slow or away costs nothing but spans: batches are tried again for a while, and meanwhile the queue
/// takes what it can.
public final class SpanExporter: Service {
    private let url: String
    private let service: ExportedService
    private let queue: SpanQueue
    private let logger: Logger
    private let exported = Atomic(0)
    private let failed = Atomic(0)

    private static let interval = Duration.seconds(1)
    private static let spansPerRequest = 512
    private static let requestTimeout = Duration.seconds(10)
    /// How long a batch is tried.
    private static let patience = Duration.seconds(60)
    /// At the end, for all that is left.
    private static let farewell = Duration.seconds(2)
    private static let maximumResponseBytes = 64 << 10

    /// - Parameter url: Of the collector, such as `http://127.0.0.1:4318/v1/traces`.
    public init(url: String, service: ExportedService, queue: SpanQueue, logger: Logger) {
        self.url = url
        self.service = service
        self.queue = queue
        self.logger = logger
    }

    /// Spans that the collector has accepted.
    public var exportedSpans: Int { exported.load(ordering: .relaxed) }
    /// Spans that it refused, or did not take in time.
    public var failedSpans: Int { failed.load(ordering: .relaxed) }

    public func run() async throws {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        // Requests to the collector are no part of any trace.
        configuration.tracing.tracer = nil
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: Self.interval)) != nil {
                // If it is cancelled, the batch is in the queue again.
                while !Task.isCancelled, case let batch = self.queue.take(Self.spansPerRequest), !batch.isEmpty {
                    await self.export(batch, through: client)
                }
            }
        }
        let deadline = ContinuousClock.now + Self.farewell
        while case let batch = queue.take(Self.spansPerRequest), !batch.isEmpty {
            switch await attempt(batch, through: client, by: deadline) {
            case .accepted: break
            case .refused(let reason), .unavailable(let reason, _): fail(batch.count, reason)
            }
        }
        try await client.shutdown()
    }

    /// Tries until the collector accepts the spans, refuses them, or it takes too long. If the task is cancelled before
    /// that, they go back into the queue.
    private func export(_ batch: [EndedSpan], through client: HTTPClient) async {
        let end = ContinuousClock.now + Self.patience
        var backoff = Backoff(from: .seconds(1), upTo: .seconds(16))
        while true {
            switch await attempt(batch, through: client, by: .now + Self.requestTimeout) {
            case .accepted: return
            case .refused(let reason): return fail(batch.count, reason)
            case .unavailable(let reason, let retryAfter):
                let pause = max(backoff.delay(), retryAfter ?? .zero)
                guard .now + pause < end else { return fail(batch.count, reason) }
                guard (try? await Task.sleep(for: pause)) != nil else { return queue.putBack(batch) }
            }
        }
    }

    private func fail(_ spans: Int, _ reason: String) {
        failed.wrappingAdd(spans, ordering: .relaxed)
        logger.warning(
            "spans could not be exported",
            metadata: ["spans": "\(spans)", "url": "\(url)", "error": "\(reason)"])
    }

    private enum Attempt {
        case accepted
        /// Trying again is of no use.
        case refused(String)
        case unavailable(String, retryAfter: Duration? = nil)
    }

    private func attempt(
        _ batch: [EndedSpan], through client: HTTPClient, by deadline: ContinuousClock.Instant
    ) async -> Attempt {
        var json = JSONWriter(output: [UInt8]())
        json.value(batch, of: service)
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers = ["Content-Type": "application/json", "User-Agent": "Khata"]
        request.body = .bytes(json.output)
        do {
            let wait = max(.zero, deadline - .now)
            let response = try await client.execute(
                request, timeout: .nanoseconds(Int64(wait / .nanoseconds(1))))
            let body = Array(buffer: try await response.body.collect(upTo: Self.maximumResponseBytes))
            switch response.status.code {
            case 200..<300:
                accept(batch.count, body)
                return .accepted
            case 429, 502, 503, 504:
                let seconds = response.headers.first(name: "Retry-After").flatMap(Int.init)
                return .unavailable(
                    "the collector responded with \(response.status.code)",
                    retryAfter: seconds.map { .seconds(max(0, $0)) })
            default: return .refused("the collector responded with \(response.status.code)")
            }
        } catch {
            return .unavailable("\(error)")
        }
    }

    /// The collector may have accepted some of the spans only, and says so: `ExportTracePartialSuccess`.
    private func accept(_ spans: Int, _ body: [UInt8]) {
        let rejected = min(spans, rejectedSpans(body))
        exported.wrappingAdd(spans - rejected, ordering: .relaxed)
        if rejected > 0 { fail(rejected, "the collector rejected them") }
    }

    private func rejectedSpans(_ body: [UInt8]) -> Int {
        guard case .object(let response)? = try? JSONParser.parse(body),
            case .object(let partial)? = response.first(where: { $0.name == "partialSuccess" })?.value
        else { return 0 }
        return switch partial.first(where: { $0.name == "rejectedSpans" })?.value {
        case .integer(let number): max(0, Int(number))
        case .text(let digits): max(0, Int(digits) ?? 0)
        default: 0
        }
    }
}
