public import AMQP
import Basics
import Inventory
import JSON
import NIOCore
public import StockEvents
import Synchronization

/// Events in a topic exchange of RabbitMQ, `khata.events`.
///
/// The key is `store.<id>.<type>`, such as `store.1.khata.stock.moved.v1`; the message id has the store and the event's id.
public final class RabbitMQEvents: EventSink {
    private let client: AMQPClient
    private let connection = Mutex<AMQPConnection?>(nil)

    public init(_ client: AMQPClient) {
        self.client = client
    }

    public var problem: String? {
        guard let connection = connection.withLock(\.self), connection.isOpen else {
            return "no connection to RabbitMQ"
        }
        return connection.blockedReason.map { "RabbitMQ takes no messages: \($0)" }
    }

    /// Whether the broker can be reached, and lets this user publish.
    public func check() async throws(AMQPError) {
        try await client.checking { connection throws(AMQPError) in
            _ = try await Self.openChannel(on: connection)
            try await connection.requirePublishing(to: Topology.events)
        }
    }

    private static func openChannel(on connection: AMQPConnection) async throws(AMQPError) -> AMQPChannel {
        let channel = try await connection.openChannel()
        do throws(AMQPError) {
            try await channel.declare(.events)
        } catch {
            throw error.withAdvice
        }
        return channel
    }

    public func withConnection(_ body: @escaping @Sendable (any EventConnection) async throws -> Void) async throws {
        try await client.withConnection { [self] connection in
            let channel = try await Self.openChannel(on: connection)
            self.connection.withLock { $0 = connection }
            try await body(EventChannel(channel: channel))
        }
    }
}

private struct EventChannel: EventConnection {
    let channel: AMQPChannel

    func publish(_ events: [ChangeEvent]) async throws -> [Result<Void, any Error>] {
        try await channel.publish(events.messages).map { outcome in
            if let error = outcome.lostConnection { throw error }
            return outcome.mapError { $0 }
        }
    }
}

extension Result<Void, PublishFailure> {
    /// Why the channel or its connection does not take messages any more.
    fileprivate var lostConnection: AMQPError? {
        switch self {
        case .success, .failure(.rejected), .failure(.returned): return nil
        case .failure(.notSent(let error)), .failure(.outcomeUnknown(let error)):
            return error.kind == .timeout ? nil : error
        }
    }
}

extension [ChangeEvent] {
    /// Their bodies are slices of one buffer.
    fileprivate var messages: [AMQPMessage] {
        var (bytes, ends): ([UInt8], [Int]) = ([], [])
        bytes.reserveCapacity(count * 512)
        for event in self {
            var json = JSONWriter(output: bytes)
            // So that nothing is copied: the writer has the only reference.
            bytes = []
            event.write(to: &json)
            bytes = json.output
            ends.append(bytes.count)
        }
        let buffer = ByteBuffer(bytes: bytes)
        var start = 0
        return zip(self, ends).map { event, end in
            defer { start = end }
            guard let body = buffer.getSlice(at: start, length: end - start) else {
                preconditionFailure("the buffer has all bodies")
            }
            return AMQPMessage(event, body: body)
        }
    }
}

extension AMQPMessage {
    fileprivate init(_ event: ChangeEvent, body: ByteBuffer) {
        self.init(exchange: Topology.events, routingKey: "store.\(event.storeID).\(event.type)", body: body)
        properties.contentType = ChangeEvent.mediaType
        properties.messageID = "\(event.storeID)-\(event.id)"
        properties.timestamp = UInt64(max(0, event.time.microseconds / 1_000_000))
        properties.type = event.type
    }
}
