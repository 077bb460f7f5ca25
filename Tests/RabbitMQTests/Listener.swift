import AMQP
import Foundation
import Inventory
import NIOCore
import ServerTesting
import Synchronization

/// A program that listens to events, and proves that it has all of them.
///
/// It takes the next event of a store only, knows a repeated one by its id, and leaves one that is ahead: that one comes
/// again. A known position with another id is a change of history: what it took from there on does not count any more.
final class Listener: Sendable {
    struct Event: Hashable {
        let storeID: StoreID
        let position: Position
        let id: String
    }

    struct Taken {
        /// Of each store, the ids by position.
        var ids: [StoreID: [String]] = [:]
        var messages: [AMQPDelivery] = []
        var repeated = 0
        var ahead = 0
        var rewritten = 0

        var count: Int { ids.values.reduce(0) { $0 + $1.count } }
    }

    private let taken = Mutex(Taken())
    private let client: AMQPClient
    private let queue: AMQPQueueDeclaration
    private let key: String

    init(_ server: RabbitMQServer, queue: String = "all", key: String = "#", arguments: AMQPTable = [:]) throws {
        client = try .testing(server)
        self.key = key
        var declaration = AMQPQueueDeclaration(queue)
        declaration.arguments = arguments
        self.queue = declaration
    }

    var events: Taken { taken.withLock(\.self) }

    /// Before anything is published.
    func bind() async throws {
        try await client.withConnection(upTo: .milliseconds(200)) { [self] connection in
            _ = try await bind(connection)
        }
    }

    private func bind(_ connection: AMQPConnection) async throws -> AMQPChannel {
        let channel = try await connection.openChannel()
        try await channel.declare(AMQPExchangeDeclaration("khata.events", type: "topic"))
        try await channel.declare(queue)
        try await channel.bind(queue: queue.name, to: "khata.events", routingKey: key)
        return channel
    }

    /// Listens while `body` runs.
    func listening(_ body: () async throws -> Void) async throws {
        let task = Task {
            try await client.withConnection(upTo: .milliseconds(200)) { [self] connection in
                let consumer = try await bind(connection).consume(queue.name, prefetch: 500)
                for try await message in consumer {
                    try taken.withLock { try $0.take(message) }
                    consumer.settle(message.tag)
                }
            }
        }
        try await closing(
            {
                task.cancel()
                _ = await task.result
            }, body)
    }
}

extension Listener.Taken {
    fileprivate mutating func take(_ message: AMQPDelivery) throws {
        guard case .bytes(let body) = message.body else { throw NoEvent() }
        let event = try JSONDecoder().decode(EventJSON.self, from: Data(body.readableBytesView))
        let store = StoreID(rawValue: Int64(event.source.dropFirst("/stores/".count)) ?? -1)
        let position = Int(event.sequence) ?? 0
        messages.append(message)
        let known = ids[store, default: []]
        if position == known.count + 1 {
            ids[store, default: []].append(event.id)
        } else if position > known.count {
            ahead += 1
        } else if known[position - 1] == event.id {
            repeated += 1
        } else {
            rewritten += 1
            ids[store] = known.prefix(position - 1) + [event.id]
        }
    }

    private struct EventJSON: Decodable {
        let id: String
        let source: String
        let sequence: String
    }

    private struct NoEvent: Error {}
}
