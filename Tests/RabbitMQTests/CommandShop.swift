import AMQP
import Access
import EventTesting
import Foundation
import Inventory
import InventoryContract
import InventoryTesting
import JSON
import LedgerTesting
import Logging
import NIOCore
import NIOPosix
import PostgresLedger
import RabbitMQ
import ServerTesting
import StockCommands
import Testing

/// A shop with stores 1 to 9 and two products on PostgreSQL, and a broker of its own, where `till` may send commands as the
/// clerk of that name.
struct CommandShop: Sendable {
    let database: TestDatabase
    let broker: RabbitMQServer

    static func with(_ body: (CommandShop) async throws -> Void) async throws {
        try await TestDatabase.with { database in
            try await database.withLedger { try await $0.openShopOfTills() }
            try await RabbitMQServer.with { broker in
                let shop = CommandShop(database: database, broker: broker)
                try await shop.waitForBroker()
                try await body(shop)
            }
        }
    }

    func waitForBroker() async throws {
        try await eventually("the broker runs") {
            guard let connection = try? await client().connect() else { return false }
            await connection.close()
            return true
        }
    }

    /// Users of the broker, each with the password `secret`.
    func addBrokerUsers(_ names: String...) throws {
        for name in names {
            try broker.control("add_user", name, "secret")
            try broker.control("set_permissions", name, ".*", ".*", ".*")
        }
    }

    func client(user: String = "khata") throws -> AMQPClient {
        var configuration = try AMQPConfiguration(url: "amqp://\(user):secret@127.0.0.1:\(broker.port)")
        configuration.requestTimeout = .seconds(60)
        configuration.confirmTimeout = .seconds(60)
        return try AMQPClient(
            configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: TestDatabase.quiet)
    }

    func consumer(_ ledger: PostgresLedger) throws -> CommandConsumer<RabbitMQCommands> {
        CommandConsumer(
            RabbitMQCommands(try client(), prefetch: 50), ledger: ledger, credentials: ledger,
            limits: CommandLimits(input: InputLimits(), batch: 100), logger: TestDatabase.quiet)
    }

    /// Runs an instance while `body` does its work.
    func withInstance<T: Sendable>(
        limits: LedgerLimits = LedgerLimits(), _ body: @Sendable (PostgresLedger) async throws -> T
    ) async throws -> T {
        try await database.withLedger(limits: limits) { ledger in
            let consumer = try consumer(ledger)
            return try await running([consumer]) {
                try await eventually("the queues are consumed") { consumer.health().allSatisfy { $0.status == .pass } }
                return try await body(ledger)
            }
        }
    }

    /// Sends commands as a till does, and expects them to be confirmed.
    func send(_ messages: [AMQPMessage], as user: String = "khata") async throws {
        let connection = try await client(user: user).connect()
        let channel = try await connection.openChannel()
        for outcome in await channel.publish(messages) { try outcome.get() }
        await connection.close()
    }

    /// The messages of a queue that nobody is working on.
    func waiting(in name: String) async throws -> Int {
        let connection = try await client().connect()
        var queue = AMQPQueueDeclaration(name)
        queue.isPassive = true
        let messages = try await connection.openChannel().declare(queue).messages
        await connection.close()
        return messages
    }

    /// Takes messages from a queue.
    func take(_ count: Int, from queue: String) async throws -> [AMQPDelivery] {
        let connection = try await client().connect()
        let consumer = try await connection.openChannel().consume(queue, prefetch: 100)
        var taken: [AMQPDelivery] = []
        for try await delivery in consumer {
            taken.append(delivery)
            consumer.settle(delivery.tag)
            if taken.count == count { break }
        }
        await connection.close()
        return taken
    }

    /// The problem codes in `khata.rejected`, by message id.
    func rejections(_ count: Int) async throws -> [String: String] {
        Dictionary(
            try await take(count, from: "khata.rejected").map { ($0.properties.messageID ?? "none", $0.rejectionCode) },
            uniquingKeysWith: { $0 + ", " + $1 })
    }
}

extension AMQPDelivery {
    var text: String { if case .bytes(let bytes) = body { String(buffer: bytes) } else { "" } }

    func header(_ name: String) -> String? {
        guard case .string(let text)? = try? properties.headers?.values()[name] else { return nil }
        return text
    }

    var rejectionCode: String { header("khata-code") ?? "none" }
}

extension AMQPMessage {
    /// A command of a user of the broker.
    static func command(
        _ id: String?, store: Int64 = 1, user: String? = "till", type: String? = nil, replyTo: String? = nil,
        _ body: String
    ) -> AMQPMessage {
        var message = AMQPMessage(
            exchange: "khata.commands", routingKey: "\(store)", body: ByteBuffer(string: body))
        message.properties.messageID = id
        message.properties.userID = user
        message.properties.type = type
        message.properties.replyTo = replyTo
        message.properties.contentType = "application/json"
        message.properties.timestamp = UInt64(Timestamp.now.microseconds / 1_000_000)
        return message
    }

    static func movement(
        _ id: String?, _ movement: Movement, user: String? = "till", replyTo: String? = nil
    ) -> AMQPMessage {
        command(
            id, store: movement.storeID.rawValue, user: user, replyTo: replyTo,
            String(json: { $0.value(movement) }))
    }
}
