import Access
import LedgerTesting
import NIOCore
import NIOPosix
import RateLimiting
import ServerTesting
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    @Suite("Slow clients", .timeLimit(.minutes(2)))
    struct SlowClients {
        /// Short waits; but idle connections may be so for longer than the test runs, so that nothing else cuts them.
        private static let impatient: HTTPLimits = {
            var limits = HTTPLimits()
            limits.connections.idle = .seconds(600)
            limits.connections.head = .seconds(1)
            limits.connections.body = .seconds(1)
            limits.connections.response = .seconds(1)
            limits.connections.bytesPerSecond = 10_000
            return limits
        }()

        @Test("a head that is drip-fed is answered 408, and the connection ends; so after other requests")
        func head() async throws {
            try await LiveServer.with(limits: Self.impatient) { server in
                let before = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
                for requests in [[], [before], [before, before + before]] {
                    let answer = try await exchange(
                        port: server.port, requests + ["GET /livez HTTP/1.1\r\nHost: a\r\nX-Long: "], drip: "x")
                    let statuses = answer.matches(of: /HTTP\/1\.1 (\d+)/).map(\.output.1)
                    #expect(statuses == requests.joined().split(separator: "GET").map { _ in "200" } + ["408"])
                    #expect(answer.contains("Connection: close\r\n"))
                    #expect(answer.contains(#""code":"request-timeout""#))
                }
            }
        }

        @Test("a connection that says nothing is ended")
        func nothing() async throws {
            try await LiveServer.with(limits: Self.impatient) { server in
                let heard = try await exchange(port: server.port, [])
                #expect(heard.isEmpty)
            }
        }

        @Test("a body that is drip-fed is answered 408, and nothing of it is recorded")
        func body() async throws {
            try await LiveServer.with(limits: Self.impatient) { server in
                let head = """
                    POST /stores HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(server.token(.admin))\r
                    Content-Type: application/json\r\n
                    """
                for (framing, drip) in [
                    ("Content-Length: 100000\r\n\r\n{\"name\":\"Mall\"}", " "),
                    ("Transfer-Encoding: chunked\r\n\r\nf\r\n{\"name\":\"Mall\"}\r\n", "1\r\n \r\n"),
                    // An extension of a chunk is no progress.
                    ("Transfer-Encoding: chunked\r\n\r\nf;", "x"),
                ] {
                    let answer = try await exchange(port: server.port, [head + framing], drip: drip)
                    #expect(answer.hasPrefix("HTTP/1.1 408 "))
                    #expect(answer.ranges(of: "HTTP/1.1 ").count == 1)
                    #expect(answer.contains("Connection: close\r\n"))
                    #expect(answer.contains(#""code":"request-timeout""#))
                }
                let stores = try await server.get("/stores")
                #expect(stores["items"]?.elements.isEmpty == true)
            }
        }

        @Test("a body that nobody reads is not waited for either")
        func unreadBody() async throws {
            try await LiveServer.with(limits: Self.impatient) { server in
                let answer = try await exchange(
                    port: server.port, ["POST /stores HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"], drip: "x"
                )
                #expect(answer.hasPrefix("HTTP/1.1 401 "))
                #expect(answer.ranges(of: "HTTP/1.1 ").count == 1)
            }
        }

        @Test("a client that does not take its answers is cut off")
        func answers() async throws {
            try await LiveServer.with(limits: Self.impatient) { server in
                let client = try await DeafClient(port: server.port)
                let request = "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"
                client.send(String(repeating: request, count: 50_000))
                try await client.awaitCutOff()
                // Others are still served.
                #expect(try await server.get("/livez").status == 200)
            }
        }

        @Test("a client that does not take its answers gets no more than buffers hold")
        func buffers() async throws {
            var rates = RatePolicies()
            rates.reads = RatePolicy(permitsPerSecond: 1, burst: 1_000)
            try await LiveServer.with(limits: Self.impatient, rates: rates) { server in
                try await server.stocked()
                let client = try await DeafClient(port: server.port)
                let request =
                    "GET /stores/1/stock HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(server.token(.reader))\r\n\r\n"
                client.send(String(repeating: request, count: 5_000))
                try await client.awaitCutOff()
                #expect(try await server.get("/stores/1/stock", as: .reader).status == 200, "not all were answered")
            }
        }

        @Test("a client that takes its answers at its leisure, but takes them, gets all of them")
        func leisurely() async throws {
            try await LiveServer.with(limits: Self.impatient) { server in
                let request = "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"
                let last = "GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                let answer = try await exchange(
                    port: server.port, [String(repeating: request, count: 2_000) + last])
                #expect(answer.ranges(of: "HTTP/1.1 404 ").count == 2_001)
            }
        }
    }
}

extension Channel {
    /// Returns once the server has ended the connection. If it does not, this does, so that the server can stop.
    func awaitCutOff() async throws {
        defer { close(promise: nil) }
        try await eventually("the server ends the connection", within: .seconds(30)) { !isActive }
    }
}

/// A connection that sends, but does not read.
struct DeafClient {
    let channel: any Channel

    init(port: Int) async throws {
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: false)
            .channelOption(.socketOption(.so_rcvbuf), value: 4_096)
            .connect(host: "127.0.0.1", port: port).get()
    }

    func send(_ text: String) {
        channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
    }

    func awaitCutOff() async throws { try await channel.awaitCutOff() }
}
