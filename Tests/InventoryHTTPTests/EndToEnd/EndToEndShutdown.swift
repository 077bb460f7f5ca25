import Access
import LedgerTesting
import NIOCore
import NIOHTTP1
import NIOPosix
import Postgres
import ServerTesting
import ServiceLifecycle
import Synchronization
import Testing

@testable import InventoryHTTP

#if canImport(Darwin)
    import Darwin
    private let streams = SOCK_STREAM
#elseif canImport(Glibc)
    import Glibc
    private let streams = CInt(SOCK_STREAM.rawValue)
#endif

extension EndToEnd {
    @Suite("Stopping", .timeLimit(.minutes(2)))
    struct Shutdown {
        @Test("requests that run when the server is told to stop are answered")
        func gracefulShutdown() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let database = server.database
                let lock = Lock()
                try await database.withPool { pool in
                    // A lock on the levels holds the movement up.
                    async let holding: Void = pool.run { session in
                        try session.script("begin; lock table stock_levels")
                        while lock.isHeld.load(ordering: .relaxed) { try session.script("select pg_sleep(0.01)") }
                        try session.script("rollback")
                    }
                    func locks(granted: Bool) async throws -> Int64? {
                        try await database.integers(
                            """
                            select count(*) from pg_locks where relation = 'stock_levels'::regclass
                            and \(granted ? "granted and mode = 'AccessExclusiveLock'" : "not granted")
                            """
                        ).first
                    }
                    // What fails here must not leave the lock held.
                    await #expect(throws: Never.self) {
                        try await eventually("the lock is held") { try await locks(granted: true) == 1 }
                    }
                    async let sale = server.move(101, store: 1, 3, "sale")
                    async let level = server.get("/stores/1/stock/101")
                    await #expect(throws: Never.self) {
                        try await eventually("both wait") { try await locks(granted: false) == 2 }
                    }

                    await server.services.triggerGracefulShutdown()
                    await #expect(throws: Never.self) {
                        try await eventually("the port is closed") { await !isOpen(port: server.port) }
                    }
                    // Load balancers look there.
                    let (ready, live) = (
                        try? await server.send(.GET, "/readyz", opsPort: true),
                        try? await server.send(.GET, "/livez", opsPort: true)
                    )
                    #expect(ready?.status == 503 && live?.status == 200)
                    lock.isHeld.store(false, ordering: .relaxed)
                    #expect(try await sale.status == 201)
                    #expect(try await level.status == 200)
                    try await holding
                }
            }
        }

        @Test("an answer that is on its way when the server is told to stop is taken to its end")
        func slowReader() async throws {
            var limits = HTTPLimits()
            limits.connections.response = .seconds(60)
            try await LiveServer.with(limits: limits) { server in
                let name = String(repeating: "x", count: 190)
                for product in 1...500 {
                    #expect(try await server.post("/products", #"{"name": "\#(name)\#(product)"}"#).status == 201)
                }
                let reader = try await SlowReader(port: server.port)
                try await reader.send(
                    "GET /products?limit=500 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(server.token(.reader))\r\n\r\n"
                )
                try await reader.readSome()
                await server.services.triggerGracefulShutdown()
                try await eventually("the port is closed") { await !isOpen(port: server.port) }
                let answer = try await reader.readToEnd()
                #expect(answer.contains("x500\""))
                #expect(answer.hasSuffix("\"next_cursor\":null}"), "\(answer.utf8.count) bytes")
            }
        }

        @Test("connections without a request end soon")
        func idle() async throws {
            var limits = HTTPLimits()
            limits.connections.idle = .seconds(600)
            limits.connections.head = .seconds(600)
            try await LiveServer.with(limits: limits) { server in
                let idle = try await SlowReader(port: server.port)
                let kept = try await SlowReader(port: server.port)
                try await kept.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
                // The server takes connections in their order: it has the idle one too by then.
                try await kept.readSome()
                await server.services.triggerGracefulShutdown()
                #expect(try await idle.readToEnd().isEmpty)
                #expect(try await kept.readToEnd().hasPrefix("HTTP/1.1 200"))
            }
        }

        @Test("a request that was already on its way when the server was told to stop is answered")
        func late() async throws {
            try await LiveServer.with { server in
                let kept = try await SlowReader(port: server.port)
                try await kept.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
                try await kept.readSome()
                await server.services.triggerGracefulShutdown()
                try await eventually("the port is closed") { await !isOpen(port: server.port) }
                try await kept.send("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n")
                let answers = try await kept.readToEnd()
                #expect(answers.contains("HTTP/1.1 503"))
                #expect(answers.ranges(of: "Connection: close").count == 1)
            }
        }

        @Test("with a delay, connections are accepted until it is over, though the server is no longer ready")
        func delay() async throws {
            var limits = HTTPLimits()
            limits.connections.drainDelay = .seconds(2)
            try await LiveServer.with(limits: limits) { server in
                await server.services.triggerGracefulShutdown()
                try await eventually("it is not ready") { try await server.get("/readyz").status == 503 }
                #expect(try await server.get("/stores").status == 200)
                try await eventually("the port is closed") { await !isOpen(port: server.port) }
            }
        }

        @Test("connections wait at a socket that another process holds until the next server accepts them")
        func heldSocket() async throws {
            let socket = try HeldSocket()
            defer { socket.end() }
            let request = "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            for _ in 1...2 {
                let client = try await SlowReader(port: socket.port)
                try await client.send(request)
                let setup = LiveServer.Setup(address: .socket(try socket.duplicate()))
                try await LiveServer.with(setup) { _ in
                    let answer = try await client.readToEnd()
                    #expect(answer.hasPrefix("HTTP/1.1 200"))
                }
            }
        }
    }
}

private final class Lock: Sendable {
    let isHeld = Atomic(true)
}

/// A socket that listens whether or not anybody accepts.
private struct HeldSocket {
    let port: Int
    private let descriptor: CInt

    init() throws {
        let descriptor = socket(AF_INET, streams, 0)
        try #require(descriptor >= 0)
        // Without an address, the kernel picks a port of every interface.
        try #require(listen(descriptor, 16) == 0)
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isNamed = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) == 0 }
        }
        try #require(isNamed)
        self.descriptor = descriptor
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    /// For a server, which closes it.
    func duplicate() throws -> CInt {
        let copy = dup(descriptor)
        try #require(copy >= 0)
        return copy
    }

    func end() { _ = close(descriptor) }
}

/// A connection that takes of an answer what it is told to.
private struct SlowReader {
    private let channel: any Channel
    private let answer = Answer()

    init(port: Int) async throws {
        let answer = answer
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: false)
            .channelOption(.socketOption(.so_rcvbuf), value: 4_096)
            .channelInitializer { channel in channel.pipeline.addHandler(answer) }
            .connect(host: "127.0.0.1", port: port).get()
    }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text))
    }

    func readSome() async throws {
        channel.read()
        try await eventually("something came") { !answer.text.isEmpty }
    }

    func readToEnd() async throws -> String {
        do { try await channel.setOption(.autoRead, value: true).get() } catch ChannelError.ioOnClosedChannel {}
        try await channel.closeFuture.get()
        return answer.text
    }

    private final class Answer: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        private let bytes = Mutex(ByteBuffer())

        var text: String { bytes.withLock { String(buffer: $0) } }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            _ = bytes.withLock { $0.writeImmutableBuffer(unwrapInboundIn(data)) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
