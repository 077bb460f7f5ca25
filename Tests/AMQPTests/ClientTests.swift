import AMQP
import NIOCore
import NIOPosix
import ServerTesting
import Synchronization
import Testing

/// How connections are opened, and opened again.
@Suite("client")
struct ClientTests {
    /// A server that accepts, and sends some bytes to each connection.
    private func withServer<T>(
        sending text: String? = nil, closing isClosing: Bool = false, _ body: (AMQPConfiguration) async throws -> T
    ) async throws -> T {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { child in
                if let text { child.writeAndFlush(ByteBuffer(string: text), promise: nil) }
                if isClosing { child.close(promise: nil) }
                return child.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return try await closing(
            { try? await channel.close() },
            { try await body(TestBroker.configuration("amqp://127.0.0.1:\(channel.localAddress?.port ?? 0)")) })
    }

    private func failure(_ configuration: AMQPConfiguration) async -> AMQPError.Kind? {
        await #expect(throws: AMQPError.self) { try await TestBroker.client(configuration).connect() }?.kind
    }

    @Test("a server that says nothing, something else, or goodbye has a clear error")
    func strangers() async throws {
        try await withServer { silent in
            var configuration = silent
            configuration.connectTimeout = .milliseconds(50)
            #expect(await failure(configuration) == .timeout)
            let waiting = Task { [silent] in await failure(silent) }
            waiting.cancel()
            #expect(await waiting.value == .cancelled)
        }
        try await withServer(sending: "HTTP/1.1 400 Bad Request\r\n\r\n") { other in
            #expect(await failure(other) == .protocolViolation)
        }
        try await withServer(closing: true) { closing in #expect(await failure(closing) == .connection) }
    }

    @Test("a body that fails runs again with another connection, until it returns")
    func again() async throws {
        let client = try TestBroker.client(TestBroker.configuration())
        let connections = Mutex<[AMQPConnection]>([])
        let result = try await client.withConnection(backoffFrom: .milliseconds(1)) { connection in
            let count = connections.withLock { connections in
                connections.append(connection)
                return connections.count
            }
            if count < 3 { throw NotSo() }
            let (channel, queue) = try await connection.openQueue()
            try await channel.publish(AMQPMessage(to: queue, "x"))
            return count
        }
        #expect(result == 3)
        #expect(connections.withLock { $0 }.allSatisfy { !$0.isOpen })
    }

    @Test("what was not acknowledged when a body fails is delivered to the next one")
    func redelivery() async throws {
        let client = try TestBroker.client(TestBroker.configuration())
        let name = TestBroker.name()
        try await TestBroker.with { connection in
            var queue = AMQPQueueDeclaration(name)
            queue.arguments = ["x-expires": 600_000]
            let channel = try await connection.openChannel()
            try await channel.declare(queue)
            _ = await channel.publish((0..<5).map { AMQPMessage(to: name, "\($0)") })
        }
        let seen = Mutex<[String]>([])
        try await client.withConnection(backoffFrom: .milliseconds(1)) { connection in
            let consumer = try await connection.openChannel().consume(name, prefetch: 3)
            for try await delivery in consumer {
                seen.withLock { $0.append("\(delivery.text ?? "")\(delivery.isRedelivered ? " again" : "")") }
                if delivery.text == "1" && !delivery.isRedelivered { throw NotSo() }
                consumer.settle(delivery.tag)
                if delivery.text == "4" { return }
            }
        }
        let texts = seen.withLock { $0 }
        #expect(texts.prefix(2) == ["0", "1"])
        #expect(texts.suffix(4).map { $0.prefix(1) } == ["1", "2", "3", "4"])
        #expect(texts.suffix(4).first == "1 again")
    }

    @Test("a body is cancelled when its connection is lost, and when the caller is")
    func cancellation() async throws {
        let client = try TestBroker.client(TestBroker.configuration())
        let starts = Mutex<[AMQPConnection]>([])
        let running = Task {
            try await client.withConnection(backoffFrom: .milliseconds(1)) { connection in
                starts.withLock { $0.append(connection) }
                try await Task.sleep(for: .seconds(3_600))
            }
        }
        try await eventually("the body runs") { starts.withLock { $0.count } == 1 }
        await starts.withLock { $0[0] }.close()
        try await eventually("it runs again") { starts.withLock { $0.count } == 2 }
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
        #expect(starts.withLock { $0 }.allSatisfy { !$0.isOpen })
        #expect(starts.withLock { $0.count } == 2)
    }
}
