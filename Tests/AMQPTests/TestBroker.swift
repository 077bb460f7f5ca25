import AMQP
import Foundation
import Logging
import NIOCore
import NIOPosix
import ServerTesting
import Testing

/// Connections to the broker under test, which `KHATA_TEST_AMQP_URL` names.
enum TestBroker {
    static func url() throws -> String {
        try #require(
            ProcessInfo.processInfo.environment["KHATA_TEST_AMQP_URL"],
            "set KHATA_TEST_AMQP_URL to a broker's URL, such as amqp://guest:guest@127.0.0.1")
    }

    /// A configuration whose calls have time enough.
    static func configuration(_ url: String? = nil) throws -> AMQPConfiguration {
        var configuration = try AMQPConfiguration(url: url ?? self.url())
        configuration.connectTimeout = .seconds(60)
        configuration.requestTimeout = .seconds(60)
        configuration.confirmTimeout = .seconds(60)
        return configuration
    }

    static func configuration<Value>(
        _ setting: WritableKeyPath<AMQPConfiguration, Value>, _ value: Value
    ) throws -> AMQPConfiguration {
        var configuration = try configuration()
        configuration[keyPath: setting] = value
        return configuration
    }

    static func client(_ configuration: AMQPConfiguration) throws -> AMQPClient {
        try AMQPClient(
            configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    static func with<T>(
        _ configuration: AMQPConfiguration? = nil, _ body: (AMQPConnection) async throws -> T
    ) async throws -> T {
        let connection = try await client(configuration ?? self.configuration()).connect()
        return try await closing({ await connection.close() }, { try await body(connection) })
    }

    /// A name that no other test uses.
    static func name(_ test: String = #function) -> String {
        "test.\(test.prefix { $0 != "(" }).\(UInt64.random(in: 0 ... .max))"
    }
}

extension AMQPConnection {
    /// A channel with a queue of the test's own, which goes with the connection.
    func openQueue(
        _ name: String = TestBroker.name(), arguments: AMQPTable = [:], isExclusive: Bool = true
    ) async throws -> (AMQPChannel, queue: String) {
        let channel = try await openChannel()
        var queue = AMQPQueueDeclaration(name)
        queue.isExclusive = isExclusive
        queue.arguments = arguments
        return (channel, try await channel.declare(queue).name)
    }
}

extension AMQPMessage {
    /// To a queue, by way of the default exchange.
    init(to queue: String, _ text: String, id: String? = nil, isMandatory: Bool = false) {
        var properties = AMQPProperties()
        properties.messageID = id
        self.init(
            exchange: "", routingKey: queue, properties: properties, body: ByteBuffer(string: text),
            isMandatory: isMandatory)
    }
}

extension AMQPDelivery {
    var text: String? { if case .bytes(let bytes) = body { String(buffer: bytes) } else { nil } }
}

extension AMQPConsumer {
    /// The next deliveries.
    func take(_ count: Int) async throws -> [AMQPDelivery] {
        var deliveries: [AMQPDelivery] = []
        for try await delivery in self {
            deliveries.append(delivery)
            if deliveries.count == count { break }
        }
        return deliveries
    }
}

extension Result where Failure == PublishFailure {
    var failure: PublishFailure? { if case .failure(let failure) = self { failure } else { nil } }
}
