import AMQP
import Foundation
import NIOCore
import ServerTesting
import Synchronization
import Testing

/// With brokers of the test's own, that are killed, stopped and short of memory. One after the other: each takes seconds to
/// start.
@Suite("broker faults", .serialized)
struct FaultTests {
    private func configuration(_ server: RabbitMQServer) throws -> AMQPConfiguration {
        try TestBroker.configuration(server.url)
    }

    /// Until the broker is up, connecting fails.
    private func connect(_ configuration: AMQPConfiguration) async throws -> AMQPConnection {
        let client = try TestBroker.client(configuration)
        var connection: AMQPConnection?
        try await eventually("the broker is up", within: .seconds(120)) {
            connection = try? await client.connect()
            return connection != nil
        }
        return try #require(connection)
    }

    @Test(
        "a broker that is killed again and again loses no confirmed message, and redelivers what was not acknowledged")
    func killed() async throws {
        try await RabbitMQServer.with { server in
            let client = try TestBroker.client(configuration(server))
            let confirmed = Mutex<Set<Int>>([])
            let received = Mutex<Set<Int>>([])
            let failures = Mutex<[PublishFailure]>([])
            let total = 600

            let publishing = Task {
                try await client.withConnection(upTo: .milliseconds(200)) { connection in
                    let channel = try await connection.openChannel()
                    try await channel.declare(AMQPQueueDeclaration("kept"))
                    while let next = confirmed.withLock({ confirmed in
                        (0..<total).first { !confirmed.contains($0) }
                    }) {
                        let numbers = Array(next..<min(next + 20, total))
                        let outcomes = await channel.publish(numbers.map { AMQPMessage(to: "kept", "\($0)") })
                        for (number, outcome) in zip(numbers, outcomes) {
                            if let failure = outcome.failure {
                                failures.withLock { $0.append(failure) }
                                throw failure
                            }
                            confirmed.withLock { _ = $0.insert(number) }
                        }
                    }
                }
            }
            let consuming = Task {
                try await client.withConnection(upTo: .milliseconds(200)) { connection in
                    let channel = try await connection.openChannel()
                    try await channel.declare(AMQPQueueDeclaration("kept"))
                    let consumer = try await channel.consume("kept", prefetch: 50)
                    for try await delivery in consumer {
                        let number = Int(delivery.text ?? "") ?? -1
                        let count = received.withLock { received in
                            received.insert(number)
                            return received.count
                        }
                        consumer.settle(delivery.tag)
                        if count == total { return }
                    }
                }
            }
            for mark in [100, 300] {
                try await eventually("\(mark) are received", within: .seconds(300)) {
                    received.withLock { $0.count } >= mark
                }
                server.kill()
                try server.start()
            }
            try await publishing.value
            try await consuming.value
            #expect(received.withLock { $0 } == Set(0..<total))
            // What became of each is known: not sent, or with an unknown outcome.
            for failure in failures.withLock({ $0 }) {
                switch failure {
                case .notSent, .outcomeUnknown: break
                case .rejected, .returned: Issue.record("\(failure)")
                }
            }
        }
    }

    @Test("a lost connection fails all who wait: with an unknown outcome if it was sent, and otherwise as not sent")
    func lost() async throws {
        try await RabbitMQServer.with { server in
            var configuration = try configuration(server)
            configuration.maximumUnconfirmed = 5
            let connection = try await connect(configuration)
            let (channel, queue) = try await connection.openQueue()
            let consumer = try await channel.consume(queue, prefetch: 5)
            server.stop()
            async let outcomes = channel.publish((0..<8).map { AMQPMessage(to: queue, "\($0)") })
            let declared = Task { try await channel.declare(AMQPQueueDeclaration("")) }
            let delivered = Task { try await consumer.take(1) }
            // The calls are on their way: the event loop takes them in order.
            _ = await channel.publish([])
            server.kill()
            for (index, outcome) in await outcomes.enumerated() {
                switch outcome.failure {
                case .outcomeUnknown(let error)?:
                    #expect(index < 5)
                    #expect(error.kind == .connection)
                case .notSent(let error)?: #expect(error.kind == .connection)
                default: Issue.record("\(outcome)")
                }
            }
            #expect(await #expect(throws: AMQPError.self) { try await declared.value }?.kind == .connection)
            #expect(await #expect(throws: AMQPError.self) { try await delivered.value }?.kind == .connection)
            #expect(await connection.closed().kind == .connection)
            #expect(!connection.isOpen)
            #expect(await channel.publish([AMQPMessage(to: queue, "")])[0].failure != nil)
        }
    }

    @Test("a broker that is stopped is noticed by its missing heartbeats")
    func silence() async throws {
        try await RabbitMQServer.with { server in
            var configuration = try configuration(server)
            configuration.heartbeat = .seconds(1)
            let connection = try await connect(configuration)
            server.stop()
            let error = await connection.closed()
            #expect(error.kind == .connection)
            #expect(error.message.contains("silent"))
            let client = try TestBroker.client(configuration)
            server.resume()
            try await client.connect().close()
        }
    }

    @Test("while the broker is short of memory messages wait here, unsent, and calls and deliveries work")
    func memoryAlarm() async throws {
        try await RabbitMQServer.with { server in
            var configuration = try configuration(server)
            let connection = try await connect(configuration)
            let (channel, queue) = try await connection.openQueue()
            try await channel.publish(AMQPMessage(to: queue, "before"))
            try server.control("set_vm_memory_high_watermark", "absolute", "1MB")
            // RabbitMQ blocks a connection when it publishes again.
            async let first = channel.publish([AMQPMessage(to: queue, "first")])
            try await eventually("the connection is blocked") { connection.blockedReason != nil }
            #expect(connection.blockedReason == "low on memory")
            let task = Task { await channel.publish([AMQPMessage(to: queue, "given up")]) }
            task.cancel()
            #expect(await task.value[0].failure == .notSent(AMQPError(.cancelled, "the caller was cancelled")))
            async let second = channel.publish([AMQPMessage(to: queue, "second")])

            configuration.confirmTimeout = .milliseconds(1)
            try await TestBroker.with(configuration) { impatient in
                let publisher = try await impatient.openChannel()
                let outcome = await publisher.publish([AMQPMessage(to: queue, "late")])
                guard case .outcomeUnknown(let error)? = outcome[0].failure else {
                    guard case .notSent(let error)? = outcome[0].failure else { throw NotSo() }
                    #expect(error.kind == .timeout)
                    return
                }
                #expect(error.kind == .timeout)
            }
            try server.control("set_vm_memory_high_watermark", "absolute", "1GB")
            #expect(await first[0].failure == nil)
            #expect(await second[0].failure == nil)
            #expect(connection.blockedReason == nil)
            let texts = try await channel.consume(queue, prefetch: 9).take(3).map(\.text)
            #expect(texts.filter { $0 != "late" }.prefix(2) == ["before", "first"])
            await connection.close()
        }
    }

    @Test("a consumer whose queue is deleted ends with an error, and its channel goes on")
    func deleted() async throws {
        try await RabbitMQServer.with { server in
            let connection = try await connect(configuration(server))
            let (channel, queue) = try await connection.openQueue(isExclusive: false)
            let consumer = try await channel.consume(queue, prefetch: 1)
            let end = Task { try await consumer.take(1) }
            try server.control("delete_queue", queue)
            let error = await #expect(throws: AMQPError.self) { try await end.value }
            #expect(error?.kind == .consumerCancelled)
            _ = try await channel.declare(AMQPQueueDeclaration(""))
            await connection.close()
        }
    }

    @Test("TLS, if the certificate is trusted and of the host; and a broker that shuts down says so")
    func tls() async throws {
        let port = try await RedisServer.freePort()
        let settings = [
            "listeners.ssl.1 = 127.0.0.1:\(port)", "ssl_options.certfile = $DIR/cert.pem",
            "ssl_options.keyfile = $DIR/key.pem", "ssl_options.verify = verify_none",
        ]
        try await RabbitMQServer.with(settings, prepare: SelfSignedCertificate.make) { server in
            func configuration(_ host: String) throws -> AMQPConfiguration {
                var configuration = try TestBroker.configuration("amqps://khata:secret@\(host):\(port)")
                configuration.trustRoots = .file(path: "\(server.directory.path)/cert.pem")
                return configuration
            }
            let connection = try await connect(configuration("localhost"))
            let (channel, queue) = try await connection.openQueue()
            let large = String(repeating: "x", count: 1 << 20)
            try await channel.publish(AMQPMessage(to: queue, large))
            #expect(try await channel.consume(queue, prefetch: 1).take(1).first?.text == large)

            let wrongName = await #expect(throws: AMQPError.self) {
                try await TestBroker.client(configuration("127.0.0.1")).connect()
            }
            #expect(wrongName?.kind == .connection)
            let untrusted = await #expect(throws: AMQPError.self) {
                try await TestBroker.client(
                    TestBroker.configuration("amqps://khata:secret@localhost:\(port)")
                ).connect()
            }
            #expect(untrusted?.message.contains("CERTIFICATE_VERIFY_FAILED") == true)
            #expect(throws: InvalidAMQPConfiguration.self) {
                var missing = try configuration("localhost")
                missing.trustRoots = .file(path: "/nonexistent")
                _ = try TestBroker.client(missing)
            }
            try server.control("stop_app")
            #expect(await connection.closed().kind == .server(code: 320))
        }
    }
}
