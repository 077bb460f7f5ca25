import Access
import Inventory
import LedgerTesting
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    @Suite("Connections")
    struct Connections {
        @Test("headers over the limit are answered with a problem")
        func headers() async throws {
            try await LiveServer.with { server in
                let long = String(repeating: "x", count: 17_000)
                for request in [
                    "GET /livez HTTP/1.1\r\nHost: a\r\nX-Long: \(long)\r\n\r\n",
                    "GET /livez?\(long) HTTP/1.1\r\nHost: a\r\n\r\n",
                    "GET /livez HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X-Many: 1\r\n", count: 200))\r\n",
                    "GET /livez HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X-Some: \(long.prefix(2_000))\r\n", count: 9))\r\n",
                ] {
                    let answer = try await exchange(port: server.port, [request])
                    #expect(answer.hasPrefix("HTTP/1.1 431 "))
                    #expect(answer.contains("application/problem+json"))
                    #expect(answer.contains(#""code":"headers-too-large""#))
                }
                let short = String(repeating: "x", count: 10_000)
                #expect(try await server.get("/products", headers: [("X-Long", short)]).status == 200)
            }
        }

        @Test("what is not HTTP is answered with a problem")
        func notHTTP() async throws {
            try await LiveServer.with { server in
                for request in [
                    "\u{16}\u{3}\u{1}\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nBad header: 1\r\n\r\n",
                ] {
                    let answer = try await exchange(port: server.port, [request])
                    #expect(answer.hasPrefix("HTTP/1.1 400 "))
                    #expect(answer.contains(#""code":"bad-request""#))
                }
            }
        }

        @Test("a request that others might read as another one is refused, and the connection ends")
        func framing() async throws {
            try await LiveServer.with { server in
                let next = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
                let post = "POST /stores HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                for request in [
                    "GET /livez HTTP/1.1\r\n\r\n", "GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                    "GET /livez HTTP/1.0\r\nHost: a\r\nhost: a\r\n\r\n",
                    "GET /livez HTTP/1.1\r\nHost: a, b\r\n\r\n", "GET /livez HTTP/1.1\r\nHost: a,b\r\n\r\n",
                    "GET /livez HTTP/1.1\r\nHost: a/b\r\n\r\n", "GET /livez HTTP/1.0\r\nHost: u@a\r\n\r\n",
                    "GET /livez HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
                    post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                ] {
                    let answer = try await exchange(port: server.port, [request + next])
                    let statuses = answer.matches(of: /HTTP\/1\.[01] (\d+)/).map(\.output.1)
                    #expect(statuses == ["400"] && answer.contains("onnection: close\r\n"), "\(request): \(answer)")
                    // What came before it is answered.
                    let both = try await exchange(port: server.port, [next + request + next])
                    #expect(both.matches(of: /HTTP\/1\.[01] (\d+)/).map(\.output.1) == ["200", "400"])
                }
                for request in [
                    "GET /livez HTTP/1.0\r\n\r\n", "GET /livez HTTP/1.0\r\nHost: [2001:db8::1]:8080\r\n\r\n",
                    "GET /livez HTTP/1.0\r\nHost: A-1_b.example\r\n\r\n", "GET /livez HTTP/1.0\r\nHost:\r\n\r\n",
                ] {
                    #expect(try await exchange(port: server.port, [request]).hasPrefix("HTTP/1.0 200 "))
                }
            }
        }

        @Test("chunks of any size are read, but not extensions that outweigh them")
        func chunks() async throws {
            try await LiveServer.with { server in
                let head = """
                    POST /stores HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(server.token(.admin))\r
                    Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n
                    """
                let body = #"{"name": "Mall""# + String(repeating: " ", count: 20_000) + "}"
                let small = "1;a=b\r\n{\r\n" + body.dropFirst().map { "1\r\n\($0)\r\n" }.joined()
                let answer = try await exchange(port: server.port, [head, small, "0\r\n\r\n"])
                #expect(answer.hasPrefix("HTTP/1.1 201 "))
                let long = "2;\(String(repeating: "x", count: 20_000))\r\n{}\r\n0\r\n\r\n"
                for parts in [[head, long], [head + long]] {
                    let answer = try await exchange(port: server.port, parts)
                    #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
                }
            }
        }

        @Test("what is no HTTP any more, in a body or behind a request, gets one problem, and the connection ends")
        func brokenFraming() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let head = """
                    POST /stores HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(server.token(.admin))\r
                    Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n
                    """
                let read = """
                    GET /stores/1/stock HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(server.token(.reader))\r\n\r\n
                    """
                let unread = "POST /stores HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                for (parts, statuses) in [
                    ([head, "zz\r\n{}\r\n"], ["400"]), ([head + "zz\r\n{}\r\n"], ["400"]),
                    ([head + "2\r\n{}x\r\n0\r\n\r\n"], ["400"]), ([read + "no HTTP\r\n\r\n"], ["200", "400"]),
                    ([read + read, "no HTTP\r\n\r\n" + read], ["200", "200", "400"]),
                    ([unread + "zz\r\n"], ["401"]), ([unread, "zz\r\n"], ["401"]),
                ] {
                    let answer = try await exchange(port: server.port, parts)
                    let found = answer.matches(of: /HTTP\/1\.1 (\d+)/).map { String($0.output.1) }
                    #expect(found == statuses, "\(parts)")
                    let code = statuses == ["401"] ? "unauthenticated" : "bad-request"
                    #expect(answer.contains(#""code":"\#(code)""#), "\(parts)")
                }
            }
        }

        @Test("a body over the limit is refused, declared or not, and the connection ends with the answer")
        func largeBody() async throws {
            var limits = HTTPLimits()
            limits.bodyBytes = 10_000
            try await LiveServer.with(limits: limits) { server in
                let head = """
                    POST /stock-movements HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(server.token(.admin))\r
                    Content-Type: application/json\r\n
                    """
                let chunk = String(repeating: " ", count: 4_096)
                let chunks = [String](repeating: "1000\r\n\(chunk)\r\n", count: 100)
                for parts in [
                    [head + "Transfer-Encoding: chunked\r\n\r\n"] + chunks,
                    [head + "Content-Length: 409600\r\n\r\n"] + [String](repeating: chunk, count: 100),
                    [head + "Content-Length: 409600\r\n\r\n"],
                ] {
                    let answer = try await exchange(port: server.port, parts)
                    #expect(answer.hasPrefix("HTTP/1.1 413 "))
                    #expect(answer.contains("Connection: close") || answer.contains("connection: close"))
                    #expect(answer.contains(#""code":"body-too-large""#))
                    #expect(answer.ranges(of: "HTTP/1.1 ").count == 1)
                }
                let fits = String(repeating: " ", count: 9_998) + "{}"
                #expect(try await server.post("/stock-movements", fits).status == 422)
                #expect(try await server.post("/stock-movements", fits + " ").status == 413)
            }
        }

        @Test("a body that nobody reads is not read for ever")
        func unreadBody() async throws {
            var limits = HTTPLimits()
            limits.bodyBytes = 10_000
            try await LiveServer.with(limits: limits) { server in
                let answer = try await exchange(
                    port: server.port,
                    ["POST /stock-movements HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n"]
                        + [String](repeating: String(repeating: " ", count: 4_096), count: 100))
                #expect(answer.hasPrefix("HTTP/1.1 401 "))
            }
        }

        @Test("who asks first whether to send a body is told to")
        func expectContinue() async throws {
            try await LiveServer.with { server in
                let answer = try await exchange(
                    port: server.port,
                    [
                        """
                        POST /stores HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(server.token(.admin))\r
                        Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 15\r\nConnection: close\r\n\r\n
                        """, #"{"name": "Mall"}"#.replacing(" ", with: ""),
                    ])
                #expect(answer.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n"))
            }
        }

        @Test("requests that come together on one connection are answered in order")
        func pipelining() async throws {
            try await LiveServer.with { server in
                let requests = ["/livez", "/nothing", "/livez"].enumerated().map { number, path in
                    "GET \(path) HTTP/1.1\r\nHost: a\r\n\(number == 2 ? "Connection: close\r\n" : "")\r\n"
                }
                let answer = try await exchange(port: server.port, [requests.joined()])
                #expect(
                    answer.matches(of: /HTTP\/1\.1 (\d+)/).map { $0.output.1 } == ["200", "404", "200"])
            }
        }

        @Test("requests with and without bodies that come together are answered in order, each once")
        func mixedPipelining() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let head = "HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(server.token(.admin))\r\n"
                let read = "GET /stores/1/stock/101 \(head)\r\n"
                let body = #"{"store_id":1,"product_id":101,"movement_type":"stock-in","quantity":1}"#
                let write =
                    "POST /stock-movements \(head)Content-Type: application/json\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
                let last = "GET /nothing \(head)Connection: close\r\n\r\n"
                let requests = [read, read, write, read, write, write, read, read, last]
                let answers = try await exchange(port: server.port, [requests.joined()])
                #expect(
                    answers.matches(of: /HTTP\/1\.1 (\d+)/).map { $0.output.1 }
                        == ["200", "200", "201", "200", "201", "201", "200", "200", "404"])
                let levels = answers.matches(of: /Inventory-Position: (\d+)/).compactMap { Int($0.output.1) }
                let first = try #require(levels.first)
                #expect(levels.map { $0 - first } == [0, 0, 1, 1, 2, 3, 3, 3])
            }
        }

        @Test("a client that hangs up after its request still gets the answer")
        func halfClosed() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let read = """
                    GET /stores/1/stock HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(server.token(.reader))\r\n\r\n
                    """
                let answer = try await exchange(port: server.port, [read], hangsUp: true)
                #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(answer.hasSuffix("}"))
                let reads = [String](repeating: read, count: 400).joined()
                let answers = try await exchange(port: server.port, [reads], hangsUp: true, isSlow: true)
                #expect(answers.matches(of: /HTTP\/1\.1 200 OK/).count == 400)
                #expect(answers.hasSuffix("}"))
            }
        }
    }
}
