import AMQP
import NIOCore
import ServerTesting
import Testing

/// With RabbitMQ.
@Suite("broker")
struct BrokerTests {
    @Test("messages are published with confirms, delivered with their properties, and acknowledged")
    func roundTrip() async throws {
        try await TestBroker.with { connection in
            let (channel, queue) = try await connection.openQueue()
            var properties = AMQPProperties()
            properties.contentType = "application/json"
            properties.contentEncoding = "identity"
            properties.headers = [
                "text": "hällo", "number": -7, "large": .int(.max), "yes": true, "half": .double(0.5), "none": .void,
                "when": .timestamp(1_700_000_000), "bytes": .bytes(ByteBuffer(bytes: [0, 255])),
                "list": .array(["a", 1]), "table": .table(["in": .table(["deeper": false])]),
            ]
            properties.priority = 3
            properties.correlationID = "c"
            properties.replyTo = "r"
            properties.expiration = "60000"
            properties.messageID = "id"
            properties.timestamp = 1
            properties.type = "t"
            properties.userID = try AMQPConfiguration(url: TestBroker.url()).user
            properties.appID = "a"
            let message = AMQPMessage(
                exchange: "", routingKey: queue, properties: properties, body: ByteBuffer(string: "{}"))
            try await channel.publish(message)
            let consumer = try await channel.consume(queue, prefetch: 10)
            let delivery = try #require(try await consumer.take(1).first)
            #expect(delivery.text == "{}")
            #expect(delivery.tag == 1)
            #expect(!delivery.isRedelivered)
            #expect((delivery.exchange, delivery.routingKey) == ("", queue))
            #expect(try delivery.properties.headers?.values() == properties.headers?.values())
            var received = delivery.properties
            received.headers = properties.headers
            #expect(received == properties)
            consumer.settle(delivery.tag)
            try await channel.close()
            let (other, _) = try await connection.openQueue()
            var passive = AMQPQueueDeclaration(queue)
            passive.isPassive = true
            #expect(try await other.declare(passive).messages == 0)
        }
    }

    @Test("bodies of every size around those of frames arrive whole", arguments: [4096, 131_072])
    func bodies(frame: Int) async throws {
        try await TestBroker.with(TestBroker.configuration(\.maximumFrameBytes, frame)) { connection in
            let (channel, queue) = try await connection.openQueue()
            let sizes = [0, 1, frame - 9, frame - 8, frame - 7, 2 * (frame - 8), 2 * (frame - 8) + 1, 300_000, 1 << 20]
            let messages = sizes.map { size in
                AMQPMessage(
                    exchange: "", routingKey: queue,
                    body: ByteBuffer(bytes: (0..<size).map { UInt8(truncatingIfNeeded: $0 * 7 + size) }))
            }
            #expect(await channel.publish(messages).allSatisfy { $0.failure == nil })
            let deliveries = try await channel.consume(queue, prefetch: 100).take(sizes.count)
            #expect(zip(deliveries, messages).allSatisfy { $0.body == .bytes($1.body) })
        }
    }

    @Test("a message above the limit is reported and not kept, and is not sent")
    func tooLarge() async throws {
        let name = TestBroker.name()
        let large = AMQPMessage(to: name, String(repeating: "x", count: 100_001), id: "large")
        try await TestBroker.with(TestBroker.configuration(\.maximumBodyBytes, 100_000)) { limited in
            var queue = AMQPQueueDeclaration(name)
            queue.isAutoDeleted = true
            let channel = try await limited.openChannel()
            try await channel.declare(queue)
            let consumer = try await channel.consume(name, prefetch: 10)
            guard case .notSent(let error)? = await channel.publish([large])[0].failure else { throw NotSo() }
            #expect(error.kind == .invalidArgument)
            try await TestBroker.with { connection in
                let publisher = try await connection.openChannel()
                _ = await publisher.publish([large, AMQPMessage(to: name, "small")])
            }
            let deliveries = try await consumer.take(2)
            #expect(deliveries[0].body == .tooLarge(bytes: 100_001))
            #expect(deliveries[0].properties.messageID == "large")
            #expect(deliveries[1].text == "small")
        }
    }

    @Test("messages that are published together keep their order, however many are in flight")
    func order() async throws {
        try await TestBroker.with(TestBroker.configuration(\.maximumUnconfirmed, 16)) { connection in
            let (channel, queue) = try await connection.openQueue()
            let texts = (0..<2_000).map(String.init)
            let outcomes = await channel.publish(texts.map { AMQPMessage(to: queue, $0) })
            #expect(outcomes.allSatisfy { $0.failure == nil })
            let consumer = try await channel.consume(queue, prefetch: 64)
            var received: [String?] = []
            for try await delivery in consumer {
                received.append(delivery.text)
                consumer.settle(delivery.tag)
                if received.count == texts.count { break }
            }
            #expect(received == texts)
        }
    }

    @Test("many callers publish on one channel at once")
    func concurrent() async throws {
        try await TestBroker.with(TestBroker.configuration(\.maximumUnconfirmed, 8)) { connection in
            let (channel, queue) = try await connection.openQueue()
            try await withThrowingTaskGroup { group in
                for number in 0..<500 {
                    group.addTask { try await channel.publish(AMQPMessage(to: queue, "\(number)")) }
                }
                try await group.waitForAll()
            }
            let texts = try await channel.consume(queue, prefetch: 1000).take(500).compactMap(\.text)
            #expect(Set(texts) == Set((0..<500).map(String.init)))
        }
    }

    @Test("no more than the prefetch are delivered, and settling in any order acknowledges the settled prefix")
    func prefetchAndPrefix() async throws {
        let name = TestBroker.name()
        try await TestBroker.with { connection in
            var queue = AMQPQueueDeclaration(name)
            queue.arguments = ["x-expires": 600_000]
            let setup = try await connection.openChannel()
            try await setup.declare(queue)
            _ = await setup.publish((1...10).map { AMQPMessage(to: name, "\($0)") })
            queue.isPassive = true
            let channel = try await connection.openChannel()
            let consumer = try await channel.consume(name, prefetch: 4)
            #expect(try await consumer.take(4).map(\.text) == ["1", "2", "3", "4"])
            #expect(try await setup.declare(queue).messages == 6)
            for tag: UInt64 in [4, 2, 3] { consumer.settle(tag) }
            #expect(try await setup.declare(queue).messages == 6)
            consumer.settle(1)
            consumer.settle(1)
            #expect(try await consumer.take(4).map(\.text) == ["5", "6", "7", "8"])
            #expect(try await setup.declare(queue).messages == 2)
            for tag: UInt64 in [8, 5, 7, 99] { consumer.settle(tag) }
        }
        // 5 is acknowledged. 6 was not settled, so it comes again, and so do those behind it that were delivered: up to 9.
        try await TestBroker.with { connection in
            let channel = try await connection.openChannel()
            let deliveries = try await channel.consume(name, prefetch: 10).take(5)
            #expect(deliveries.map(\.text) == ["6", "7", "8", "9", "10"])
            #expect(deliveries.map(\.isRedelivered) == [true, true, true, true, false])
        }
    }

    @Test("a mandatory message without a queue comes back, and others do not")
    func returned() async throws {
        try await TestBroker.with { connection in
            let (channel, queue) = try await connection.openQueue()
            let outcomes = await channel.publish([
                AMQPMessage(to: "nowhere", "1", id: "a", isMandatory: true),
                AMQPMessage(to: queue, "2", id: "b", isMandatory: true),
                AMQPMessage(to: "nowhere", "3", id: "c", isMandatory: true),
                AMQPMessage(to: "nowhere", "4", id: "d"),
                AMQPMessage(to: "nowhere", "5", isMandatory: true),
            ])
            #expect(outcomes[0].failure == .returned(code: 312, reason: "NO_ROUTE"))
            #expect(outcomes[1].failure == nil)
            #expect(outcomes[2].failure == .returned(code: 312, reason: "NO_ROUTE"))
            #expect(outcomes[3].failure == nil)
            guard case .notSent(let error)? = outcomes[4].failure else { throw NotSo() }
            #expect(error.kind == .invalidArgument)
        }
    }

    @Test("a full queue rejects, and what was rejected is known")
    func rejected() async throws {
        try await TestBroker.with { connection in
            let (channel, queue) = try await connection.openQueue(
                arguments: ["x-max-length": 3, "x-overflow": "reject-publish"])
            let outcomes = await channel.publish((0..<10).map { AMQPMessage(to: queue, "\($0)") })
            #expect(outcomes.count { $0.failure == nil } == 3)
            #expect(outcomes.count { $0.failure == .rejected } == 7)
        }
    }

    @Test("exchanges and bindings with arguments")
    func topology() async throws {
        try await TestBroker.with { connection in
            let (channel, queue) = try await connection.openQueue()
            var fanout = AMQPExchangeDeclaration(TestBroker.name(), type: "fanout")
            fanout.isDurable = false
            fanout.arguments = ["alternate-exchange": "amq.fanout"]
            try await channel.declare(fanout)
            try await channel.bind(queue: queue, to: fanout.name, routingKey: "")
            try await channel.bind(queue: queue, to: "amq.topic", routingKey: "\(queue).*.moved")
            try await channel.bind(
                queue: queue, to: "amq.headers", routingKey: "", arguments: ["x-match": "all", "for": .string(queue)])
            var properties = AMQPProperties()
            properties.headers = ["for": .string(queue)]
            for (exchange, key) in [(fanout.name, "store.7"), ("amq.topic", "\(queue).7.moved"), ("amq.headers", "")] {
                try await channel.publish(
                    AMQPMessage(
                        exchange: exchange, routingKey: key, properties: properties, body: ByteBuffer(string: exchange),
                        isMandatory: false))
            }
            #expect(try await channel.consume(queue, prefetch: 9).take(3).count == 3)
        }
    }

    @Test("an error closes its channel, with the broker's code, and no other")
    func channelErrors() async throws {
        try await TestBroker.with { connection in
            let (good, queue) = try await connection.openQueue()
            let channel = try await connection.openChannel()
            let missing = await #expect(throws: AMQPError.self) { try await channel.consume("no such", prefetch: 1) }
            #expect(missing?.kind == .server(code: 404))
            let after = await #expect(throws: AMQPError.self) { try await channel.declare(AMQPQueueDeclaration("")) }
            #expect(after?.kind == .server(code: 404))
            #expect(await channel.publish([AMQPMessage(to: queue, "")])[0].failure == missing.map { .notSent($0) })

            let publisher = try await connection.openChannel()
            let unknown = await publisher.publish([
                AMQPMessage(exchange: "no such", routingKey: "", body: ByteBuffer())
            ])
            guard case .outcomeUnknown(let error)? = unknown[0].failure else { throw NotSo() }
            #expect(error.kind == .server(code: 404))

            let long = String(repeating: "x", count: 256)
            let invalid = await #expect(throws: AMQPError.self) { try await good.declare(AMQPQueueDeclaration(long)) }
            #expect(invalid?.kind == .invalidArgument)
            let huge: AMQPTable = ["x": .string(String(repeating: "x", count: 200_000))]
            await #expect(throws: AMQPError.self) {
                try await good.bind(queue: queue, to: "amq.topic", routingKey: "", arguments: huge)
            }
            try await good.publish(AMQPMessage(to: queue, "still there"))
            #expect(try await good.consume(queue, prefetch: 1).take(1).first?.text == "still there")
        }
    }

    @Test("a consumer whose channel is closed just ends")
    func consumerEnds() async throws {
        try await TestBroker.with { connection in
            let (channel, queue) = try await connection.openQueue()
            let consumer = try await channel.consume(queue, prefetch: 1)
            async let rest = consumer.take(1)
            try await channel.close()
            #expect(try await rest.isEmpty)
            #expect(try await consumer.take(1).isEmpty)
        }
    }

    @Test("wrong passwords, virtual hosts and ports have clear errors, without the password")
    func refused() async throws {
        let url = try TestBroker.url()
        let at = try #require(url.lastIndex(of: "@"))
        func failure(_ url: String) async -> AMQPError? {
            await #expect(throws: AMQPError.self) {
                try await TestBroker.client(TestBroker.configuration(url)).connect()
            }
        }
        let password = await failure("amqp://khata:s3cret\(url[at...])")
        #expect(password?.kind == .server(code: 403))
        #expect(password?.message.contains("s3cret") == false)
        #expect(await failure("\(url)/no-such")?.kind == .server(code: 530))
        let port = try await RedisServer.freePort()
        #expect(await failure("amqp://khata:s3cret@127.0.0.1:\(port)")?.kind == .connection)
    }

    @Test("channels are limited, and their numbers are used again")
    func channels() async throws {
        try await TestBroker.with(TestBroker.configuration(\.maximumChannels, 3)) { connection in
            var channels: [AMQPChannel] = []
            for _ in 0..<3 { channels.append(try await connection.openChannel()) }
            let error = await #expect(throws: AMQPError.self) { try await connection.openChannel() }
            #expect(error?.kind == .overloaded)
            try await channels[1].close()
            let again = try await connection.openChannel()
            _ = try await again.declare(AMQPQueueDeclaration(""))
            let closed = await #expect(throws: AMQPError.self) {
                try await channels[1].declare(AMQPQueueDeclaration(""))
            }
            #expect(closed?.kind == .closed)
        }
    }

    @Test("closing waits for the confirms of what was sent, and refuses what comes after")
    func graceful() async throws {
        let connection = try await TestBroker.client(TestBroker.configuration()).connect()
        let (channel, queue) = try await connection.openQueue()
        async let outcomes = channel.publish((0..<500).map { AMQPMessage(to: queue, "\($0)") })
        await connection.close(within: .seconds(60))
        for outcome in await outcomes {
            guard let failure = outcome.failure else { continue }
            #expect(failure == .notSent(AMQPError.closedByTest))
        }
        #expect(await connection.closed().kind == .closed)
        #expect(await channel.publish([AMQPMessage(to: queue, "")])[0].failure == .notSent(AMQPError.closedByTest))
        await #expect(throws: AMQPError.self) { try await connection.openChannel() }
    }
}

struct NotSo: Error {}

extension AMQPError {
    static let closedByTest = AMQPError(.closed, "the connection or channel to RabbitMQ is closed")
}
