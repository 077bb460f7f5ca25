import Inventory
import JSON
import NIOCore
public import StockEvents
import Synchronization

/// Events in a topic of Kafka, `khata.events`: CloudEvents in structured mode. The key is the store's id, so that those of a
/// store are in one partition.
public final class KafkaEvents: EventSink {
    private let client: KafkaClient
    private let producer = Mutex<KafkaProducer?>(nil)

    public init(_ client: KafkaClient) {
        self.client = client
    }

    public var problem: String? { client.problem ?? producer.withLock(\.self)?.failure?.problem }

    /// Whether the cluster can be reached, lets this user in, and has the topic.
    public func check() async throws(KafkaError) { try await client.check([KafkaTopic.events]) }

    public func withConnection(_ body: @escaping @Sendable (any EventConnection) async throws -> Void) async throws {
        try await client.withProducer(.gapless, of: [KafkaTopic.events]) { [self] producer in
            self.producer.withLock { $0 = producer }
            defer { self.producer.withLock { $0 = nil } }
            try await body(EventProducer(producer: producer))
        }
    }
}

private struct EventProducer: EventConnection {
    let producer: KafkaProducer

    func publish(_ events: [ChangeEvent]) async throws -> [Result<Void, any Error>] {
        try await producer.send(events.map(KafkaMessage.init)).map { outcome in outcome.mapError { $0 } }
    }
}

extension KafkaMessage {
    fileprivate init(_ event: ChangeEvent) {
        var json = JSONWriter<[UInt8]>(output: [])
        event.write(to: &json)
        self.init(to: KafkaTopic.events, key: Array("\(event.storeID)".utf8), ByteBuffer(bytes: json.output))
        headers = [KafkaHeader("content-type", ChangeEvent.mediaType)]
        timestamp = event.time.microseconds / 1_000
    }
}
