public import AMQP
import Foundation
public import Inventory
import Logging
import NIOCore
import NIOPosix
public import ServerTesting
import Synchronization

/// A program that listens to events, and proves that it has all of them.
///
/// It takes an event of a store only if it has the one before it, knows a repeated one by its id, and leaves one that is ahead:
/// that one comes again. A known position with another id is a change of history: what it took from there on does not count
/// any more.
public final class Listener: Sendable {
    public struct Taken: Sendable {
        /// Of each store, the ids by position.
        public fileprivate(set) var ids: [StoreID: [String]] = [:]
        public fileprivate(set) var messages: [AMQPDelivery] = []
        public fileprivate(set) var repeated = 0
        public fileprivate(set) var ahead = 0
        public fileprivate(set) var rewritten = 0

        public var count: Int { ids.values.reduce(0) { $0 + $1.count } }
    }

    private let taken = Mutex(Taken())
    private let client: AMQPClient
    private let queue: AMQPQueueDeclaration
    private let key: String

    public init(_ server: RabbitMQServer, queue: String = "all", key: String = "#", arguments: AMQPTable = [:]) throws {
        client = try .testing(server)
        self.key = key
        var declaration = AMQPQueueDeclaration(queue)
        declaration.arguments = arguments
        self.queue = declaration
    }

    public var events: Taken { taken.withLock(\.self) }

    /// Before anything is published.
    public func bind() async throws {
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
    public func listening(_ body: () async throws -> Void) async throws {
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
        if position <= known.count, known[position - 1] == event.id {
            repeated += 1
        } else if position - 1 <= known.count, event.previous == known.prefix(position - 1).last {
            if position <= known.count { rewritten += 1 }
            ids[store] = known.prefix(position - 1) + [event.id]
        } else {
            ahead += 1
        }
    }

    private struct EventJSON: Decodable {
        let id: String
        let source: String
        let sequence: String
        let previous: String?
    }

    private struct NoEvent: Error {}
}

extension AMQPClient {
    /// One whose calls have time enough.
    public static func testing(_ server: RabbitMQServer) throws -> AMQPClient {
        var configuration = try AMQPConfiguration(url: server.url)
        configuration.connectTimeout = .seconds(60)
        configuration.requestTimeout = .seconds(60)
        return try AMQPClient(
            configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }
}
