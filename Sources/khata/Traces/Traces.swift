import Logging
import OpenTelemetry
import PostgresLedger
import Redis
import Tracing

/// The traces of a serving instance.
struct Traces: Sendable {
    let tracer: SamplingTracer
    let queue: SpanQueue
    let exporter: SpanExporter

    /// Adds the id of the recorded trace to what is logged in it.
    static let metadata = Logger.MetadataProvider {
        guard let id = ServiceContext.current?.recordedTraceID else { return [:] }
        return ["trace_id": .string(id)]
    }

    /// Records a round trip to a database, if it is part of a recorded span.
    func observe(_ observation: LedgerObservation) {
        guard case .roundTrip(let statement, let isReplica, let duration) = observation,
            let context = ServiceContext.current
        else { return }
        let span = started(statement, context, ago: duration)
        span.attributes = [
            "db.system.name": "postgresql", "db.query.summary": .string(statement),
            "khata.server": isReplica ? "replica" : "primary",
        ]
        span.end()
    }

    /// Records a round trip to Redis, if it is part of a recorded span.
    func observe(_ roundTrip: RedisRoundTrip) {
        guard let context = ServiceContext.current else { return }
        let name = "\(roundTrip.command)"
        let span = started(name, context, ago: roundTrip.duration)
        span.attributes = ["db.system.name": "redis", "db.operation.name": .string(name)]
        if roundTrip.commands > 1 { span.attributes["db.operation.batch.size"] = roundTrip.commands }
        if roundTrip.isFailure { span.setStatus(SpanStatus(code: .error)) }
        span.end()
    }

    private func started(_ name: String, _ context: ServiceContext, ago duration: Duration) -> RecordedSpan {
        let start = DefaultTracerClock.now.nanosecondsSinceEpoch - UInt64(duration / .nanoseconds(1))
        return tracer.startSpan(
            name, context: context, ofKind: .client, at: DefaultTracerClock.Timestamp(nanosecondsSinceEpoch: start))
    }
}
