import AMQP
import EventTesting
import Inventory
import InventoryContract
import InventoryTesting
import JSON
import LedgerTesting
import NIOCore
import NIOPosix
import PostgresLedger
import RabbitMQ
import ServerTesting
import StockCommands
import Testing

@Suite("Commands from RabbitMQ", .serialized)
struct CommandTests {
    @Test("movements, transfers and batches are executed, answered and, if refused, kept with the problem")
    func outcomes() async throws {
        try await CommandShop.with { shop in
            try shop.addBrokerUsers("till")
            try await shop.withInstance { ledger in
                let connection = try await shop.client(user: "till").connect()
                let channel = try await connection.openChannel()
                var queue = AMQPQueueDeclaration("khata.replies.till")
                queue.isExclusive = true
                try await channel.declare(queue)
                let transfer = #"{"product_id":102,"from_store_id":1,"to_store_id":2,"quantity":3}"#
                let batch = #"""
                    {"movements":[{"store_id":1,"product_id":102,"movement_type":"sale","quantity":7},
                        {"store_id":1,"product_id":102,"movement_type":"sale","quantity":9}]}
                    """#
                for message: AMQPMessage in [
                    .movement("in", .stockIn(10), replyTo: queue.name),
                    .command("transfer", type: "transfer", replyTo: queue.name, transfer),
                    .command("batch", type: "batch", replyTo: queue.name, batch),
                    .movement("refused", .sale(1), replyTo: queue.name),
                    .movement("in", .stockIn(10), replyTo: queue.name),
                ] { try await channel.publish(message) }
                let replies = try await shop.take(5, from: connection, queue.name)
                #expect(replies.map(\.properties.correlationID) == ["in", "transfer", "batch", "refused", "in"])
                #expect(replies.allSatisfy { $0.properties.contentType == "application/json" })
                #expect(replies[0].text.hasPrefix(#"{"status":"done","result":{"store_id":1,"position":1,"#))
                #expect(replies[1].text.hasPrefix(#"{"status":"done","result":{"transfer_id":"1-2","#))
                #expect(replies[2].text.hasPrefix(#"{"status":"done","result":{"results":[{"status":201,"#))
                #expect(
                    replies[3].text.hasPrefix(#"{"status":"refused","problem":{"type":"/problems/insufficient-stock""#))
                #expect(replies[4].text == replies[0].text)
                #expect(try await ledger.onHand(.sugarInOne) == 0)
                #expect(try await ledger.onHand(.sugarInTwo) == 3)

                let rejected = try await shop.take(2, from: "khata.rejected")
                #expect(rejected.map(\.properties.messageID) == ["batch", "refused"])
                #expect(rejected.map(\.rejectionCode) == ["insufficient-stock", "insufficient-stock"])
                #expect(rejected[0].text == batch && rejected[0].properties.type == "batch")
                #expect(rejected[0].header("khata-user-id") == "till")
                #expect(rejected[0].header("khata-problem")?.contains("1 of the 2 movements were refused") == true)
                #expect(rejected[1].routingKey == "1")
                await connection.close()
            }
        }
    }

    @Test("what cannot be executed goes to khata.rejected, each with its code, and the queue goes on")
    func badInput() async throws {
        try await CommandShop.with { shop in
            try shop.addBrokerUsers("till", "guest2", "branch")
            try await shop.withInstance { ledger in
                let sale = String(json: { $0.value(Movement.stockIn(1)) })
                func changed(_ id: String, _ change: (inout AMQPMessage) -> Void) -> AMQPMessage {
                    var message = AMQPMessage.command(id, sale)
                    change(&message)
                    return message
                }
                let now = UInt64(Timestamp.now.microseconds / 1_000_000)
                let messages: [(code: String, AMQPMessage)] = [
                    ("malformed-json", .command("json", "{")),
                    ("invalid-body", .command("field", #"{"store_id":1,"colour":"red"}"#)),
                    ("unsupported-media-type", changed("media") { $0.properties.contentType = "text/plain" }),
                    ("body-too-large", .command("large", String(repeating: " ", count: 1 << 20) + sale)),
                    ("invalid-parameter", changed("none") { $0.properties.messageID = nil }),
                    ("invalid-parameter", changed("two words") { _ in }),
                    ("unauthenticated", changed("nobody") { $0.properties.userID = nil }),
                    (
                        "not-found",
                        .command("unknown-store", store: 77, sale.replacing(#""store_id":1"#, with: #""store_id":77"#))
                    ),
                    ("invalid-parameter", .command("routing", store: 2, sale)),
                    ("invalid-parameter", changed("type") { $0.properties.type = "theft" }),
                    ("expired", changed("old") { $0.properties.timestamp = now - 25 * 3_600 }),
                    ("invalid-parameter", changed("future") { $0.properties.timestamp = now + 7_200 }),
                    ("invalid-parameter", changed("timeless") { $0.properties.timestamp = nil }),
                    ("invalid-parameter", changed("reply") { $0.properties.replyTo = "somebodys.queue" }),
                    ("invalid-parameter", changed("direct") { $0.properties.replyTo = "amq.rabbitmq.reply-to.g2dk" }),
                    ("unknown-product", .command("product", sale.replacing("102", with: "999"))),
                    ("invalid-body", .command("import", sale.dropLast() + #","import":{"external_id":"x"}}"#)),
                ]
                let till = try await shop.client(user: "till").connect()
                let channel = try await till.openChannel()
                // The body is longer than this program publishes.
                for message in messages.map(\.1) where message.body.readableBytes <= 1 << 20 {
                    try await channel.publish(message)
                }
                await till.close()
                try await shop.sendLarge(messages[3].1)
                try await shop.send([.movement("scope", .stockIn(1), user: "branch")], as: "branch")
                try await shop.send([.movement("stranger", .stockIn(1), user: "guest2")], as: "guest2")
                try await shop.send([.movement("used", .stockIn(1)), .movement("used", .stockIn(2))], as: "till")
                let rejections = try await shop.rejections(messages.count + 3)
                var expected = Dictionary(
                    uniqueKeysWithValues: messages.map { ($0.1.properties.messageID ?? "none", $0.code) })
                expected["scope"] = "not-found"
                expected["stranger"] = "unauthenticated"
                expected["used"] = "idempotency-key-reused"
                #expect(rejections == expected)
                try await eventually("the queue goes on") { try await ledger.onHand(.sugarInOne) == 1 }
            }
        }
    }

    @Test("a user cannot pass for another, by property or by header")
    func forgery() async throws {
        try await CommandShop.with { shop in
            try shop.addBrokerUsers("till", "guest")
            try await shop.withInstance { ledger in
                // The broker refuses it.
                await #expect(throws: PublishFailure.self) {
                    try await shop.send([.movement("forged", .stockIn(5), user: "till")], as: "guest")
                }
                var forged = AMQPMessage.movement("header", .stockIn(5), user: "guest")
                forged.properties.headers = [
                    "khata-sender": .string(
                        #"{"principal":"key:0","role":"admin","request_id":"r","fingerprint":""#
                            + String(repeating: "00", count: 32) + #""}"#)
                ]
                try await shop.send([forged], as: "guest")
                #expect(try await shop.rejections(1) == ["header": "forbidden"])
                #expect(try await ledger.onHand(.sugarInOne) == 0)
            }
        }
    }

    /// Each sale says how much there is before it: any other order is refused.
    private func story(_ count: Int) -> [AMQPMessage] {
        (0..<count).flatMap { number in
            (Int64(1)...4).map { store -> AMQPMessage in
                var movement = Movement.stockIn(1, LevelKey(StoreID(rawValue: store), .sugar))
                movement.expectedOnHand = Int64(number)
                return .movement("\(store)-\(number)", movement, user: nil)
            }
        }
    }

    private func expectStory(_ count: Int, _ shop: CommandShop, _ ledger: PostgresLedger) async throws {
        for store in Int64(1)...4 {
            let level = LevelKey(StoreID(rawValue: store), .sugar)
            try await eventually("store \(store) has all", within: .seconds(120)) {
                try await ledger.onHand(level) == Int64(count)
            }
        }
        #expect(try await shop.waiting(in: "khata.rejected") == 0)
    }

    private func sent(_ count: Int) -> [AMQPMessage] {
        story(count).map { message in
            var message = message
            message.properties.userID = "till"
            return message
        }
    }

    @Test("a store's commands are executed in order and once, while instances come and go")
    func order() async throws {
        try await CommandShop.with { shop in
            try shop.addBrokerUsers("till")
            let count = 300
            // Makes the queues.
            try await shop.withInstance { _ in }
            try await shop.send(sent(count), as: "till")
            try await shop.database.withLedger { ledger in
                var instances: [Task<Void, any Error>] = []
                for round in 0..<6 {
                    let consumer = try shop.consumer(ledger)
                    instances.append(Task { try await running([consumer]) { try await Task.sleep(for: .seconds(60)) } })
                    // Some work, then the older one is stopped: in order, or without a chance to finish.
                    let before = try await ledger.onHand(.sugarInOne)
                    try await eventually("some are done") {
                        try await ledger.onHand(.sugarInOne) >= min(Int64(count), before + 20)
                    }
                    if round > 0 { instances[round - 1].cancel() }
                }
                try await expectStory(count, shop, ledger)
                for instance in instances { instance.cancel() }
            }
        }
    }

    @Test("nothing is lost, doubled or reordered when the broker is killed")
    func brokerKilled() async throws {
        try await CommandShop.with { shop in
            try shop.addBrokerUsers("till")
            let count = 300
            try await shop.withInstance { ledger in
                try await eventually("the queues outlast kill -9") {
                    ["khata.commands", "khata.rejected"].allSatisfy(shop.broker.knowsForever)
                }
                try await shop.send(sent(count), as: "till")
                try await eventually("some are done") { try await ledger.onHand(.sugarInOne) > 10 }
                shop.broker.kill()
                try shop.broker.start()
                try await shop.waitForBroker()
                try await expectStory(count, shop, ledger)
            }
        }
    }

    @Test("an exchange or a queue that somebody deletes is declared again, and commands are executed")
    func deleted() async throws {
        try await CommandShop.with { shop in
            try shop.addBrokerUsers("till")
            try await shop.withInstance { ledger in
                for (number, deletion) in [
                    ["delete_queue", "khata.commands"],
                    [
                        "eval",
                        "rabbit_exchange:delete(rabbit_misc:r(<<\"/\">>, exchange, <<\"khata.commands\">>), false, <<>>).",
                    ],
                ].enumerated() {
                    try shop.broker.control(deletion)
                    // A till that wants to know sends it as mandatory, until it is kept.
                    var command = AMQPMessage.movement("in-\(number)", .stockIn(1))
                    command.isMandatory = true
                    try await eventually("it is sent") { (try? await shop.send([command], as: "till")) != nil }
                    try await eventually("it is done") { try await ledger.onHand(.sugarInOne) == Int64(number) + 1 }
                }
            }
        }
    }

    @Test(
        "a queue of refused commands that is full loses the oldest, or those that its policy refuses, and stops nothing",
        arguments: [
            (#"{"max-length": 3}"#, 37..<40), (#"{"max-length": 3, "overflow": "reject-publish"}"#, 0..<3),
        ])
    func fullOfRefusals(policy: String, kept: Range<Int>) async throws {
        try await CommandShop.with { shop in
            try shop.addBrokerUsers("till")
            try shop.broker.control("set_policy", "small", "^khata.rejected$", policy)
            try await shop.withInstance { ledger in
                try await shop.send((0..<20).map { .movement("sale-\($0)", .sale(1)) }, as: "till")
                try await eventually("it is full") { try await shop.waiting(in: "khata.rejected") >= 3 }
                try await shop.send((20..<40).map { .movement("sale-\($0)", .sale(1)) }, as: "till")
                try await shop.send([.movement("in", .stockIn(1))], as: "till")
                try await eventually("all are executed") { try await ledger.onHand(.sugarInOne) == 1 }
            }
            #expect(try await shop.waiting(in: "khata.commands") == 0)
            let rejections = try await shop.rejections(3)
            #expect(Set(rejections.keys) == Set(kept.map { "sale-\($0)" }))
        }
    }

    @Test("what the service's user of the broker lacks is said before it serves")
    func permissions() async throws {
        try await CommandShop.with { shop in
            func problem(_ configure: String, _ write: String, _ read: String) async throws -> AMQPError? {
                try shop.broker.control("set_permissions", "other", configure, write, read)
                let commands = RabbitMQCommands(try shop.client(user: "other"), prefetch: 1)
                let events = RabbitMQEvents(try shop.client(user: "other"))
                do throws(AMQPError) {
                    try await events.check()
                    try await commands.check()
                    return nil
                } catch {
                    return error
                }
            }
            try shop.addBrokerUsers("other")
            let (all, writing) = (#"^khata\."#, #"^(khata\.|amq\.default$)"#)
            #expect(try await problem(all, writing, all) == nil)
            for (configure, write, read) in [
                ("", writing, all), (all, "", all), (all, writing, ""), (all, all, all),
                (all, #"^(khata\.(commands|rejected)|amq\.default$)"#, all),
            ] {
                let error = try await problem(configure, write, read)
                #expect(error?.kind == .server(code: 403))
                #expect(error?.message.contains(#"write ^(khata\.|amq\.default$)"#) == true)
            }
            // As another version has left it.
            let connection = try await shop.client().connect()
            let channel = try await connection.openChannel()
            try shop.broker.control("delete_queue", "khata.commands")
            try await channel.declare(AMQPQueueDeclaration("khata.commands"))
            let error = try await problem(all, writing, all)
            #expect(error?.kind == .server(code: 406))
            #expect(error?.message.contains("'khata.commands'") == true)
            #expect(error?.message.contains("delete it when no messages are left in it") == true)
            await connection.close()
        }
    }

    @Test("what was committed but not acknowledged is answered as it was, and what the ledger cannot take waits")
    func databaseFails() async throws {
        try await CommandShop.with { shop in
            try shop.addBrokerUsers("till")
            try await shop.database.execute(
                """
                create sequence attempts;
                create function fail_often() returns trigger language plpgsql security definer as $$
                begin
                    if nextval('attempts') % 5 <> 0 then
                        raise exception 'try again' using errcode = 'serialization_failure';
                    end if;
                    return null;
                end $$;
                create constraint trigger fail after insert on outbox deferrable initially deferred
                    for each row execute function fail_often();
                """)
            var limits = LedgerLimits()
            limits.commitTimeout = .milliseconds(1)
            limits.write.commandsPerTransaction = 20
            let count = 40
            try await shop.withInstance(limits: limits) { ledger in
                try await shop.send(sent(count), as: "till")
                try await expectStory(count, shop, ledger)
            }
        }
    }

    @Test("what was committed when the connection is cut, before it is acknowledged, is not executed again")
    func cutBeforeAcknowledgement() async throws {
        try await CommandShop.with { shop in
            try shop.addBrokerUsers("till")
            try await shop.database.withLedger { ledger in
                let source = CutSource(RabbitMQCommands(try shop.client(), prefetch: 20), cuts: 10)
                let consumer = CommandConsumer(
                    source, ledger: ledger, credentials: ledger,
                    limits: CommandLimits(input: InputLimits(), batch: 100), logger: TestDatabase.quiet)
                try await running([consumer]) {
                    try await eventually("the queues are consumed") {
                        consumer.health().allSatisfy { $0.status == .pass }
                    }
                    let messages = sent(40).map { message in
                        var message = message
                        // Of nobody: what is sent there is dropped.
                        message.properties.replyTo = "khata.replies.nobody"
                        return message
                    }
                    try await shop.send(messages, as: "till")
                    try await expectStory(40, shop, ledger)
                }
                #expect(source.cutsLeft == 0)
            }
        }
    }

    @Test("a command that the database rejects is put aside, recorded as that, and those behind it are executed")
    func poison() async throws {
        try await CommandShop.with { shop in
            try shop.addBrokerUsers("till")
            try await shop.database.execute(
                "alter table movements add constraint p check (note is distinct from 'poison')")
            try await shop.withInstance { ledger in
                let poison = AMQPMessage.movement("poison", .stockIn(1, note: "poison"))
                try await shop.send([.movement("1", .stockIn(1)), poison, .movement("2", .stockIn(1))], as: "till")
                #expect(try await shop.rejections(1) == ["poison": "internal"])
                try await eventually { try await ledger.onHand(.sugarInOne) == 2 }
                // It stays refused, whatever is mended.
                try await shop.database.execute("alter table movements drop constraint p")
                try await shop.send([poison], as: "till")
                #expect(try await shop.rejections(1) == ["poison": "internal"])
                #expect(try await ledger.onHand(.sugarInOne) == 2)
            }
        }
    }

    @Test("a refusal is not decided otherwise when the command is delivered again")
    func refusedAgain() async throws {
        try await CommandShop.with { shop in
            try shop.addBrokerUsers("till")
            try await shop.withInstance { ledger in
                try await shop.send([.movement("sale", .sale(1)), .movement("in", .stockIn(5))], as: "till")
                try await eventually { try await ledger.onHand(.sugarInOne) == 5 }
                try await shop.send([.movement("sale", .sale(1)), .movement("more", .stockIn(1))], as: "till")
                try await eventually("the sale is still refused") { try await ledger.onHand(.sugarInOne) == 6 }
                #expect(try await shop.rejections(2) == ["sale": "insufficient-stock, insufficient-stock"])
            }
        }
    }
}

extension CommandShop {
    func take(_ count: Int, from connection: AMQPConnection, _ queue: String) async throws -> [AMQPDelivery] {
        let consumer = try await connection.openChannel().consume(queue, prefetch: 100)
        var taken: [AMQPDelivery] = []
        for try await delivery in consumer {
            taken.append(delivery)
            if taken.count == count { break }
        }
        return taken
    }

    /// A message that is longer than this program sends otherwise.
    func sendLarge(_ message: AMQPMessage) async throws {
        var configuration = try client(user: "till").configuration
        configuration.maximumBodyBytes = 2 << 20
        let connection = try await AMQPClient(
            configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: TestDatabase.quiet
        ).connect()
        try await connection.openChannel().publish(message)
        await connection.close()
    }
}
