import Access
import Inventory
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    @Suite("Connections that go on, or end")
    struct Persistence {
        /// As Java's `HttpClient` and `curl --http2` send it over plain HTTP.
        private static let upgrade =
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"

        private func get(_ path: String, _ server: LiveServer, _ more: String = "", version: String = "1.1") -> String {
            "GET \(path) HTTP/\(version)\r\nHost: a\r\nAuthorization: Bearer \(server.token(.admin))\r\n\(more)\r\n"
        }

        /// Takes in a unit of product 101.
        private func post(_ server: LiveServer, _ more: String = "", isChunked: Bool = false) -> String {
            let body = #"{"store_id":1,"product_id":101,"movement_type":"stock-in","quantity":1}"#
            let parts = [body.prefix(20), body.dropFirst(20)]
            let framed =
                isChunked
                ? "Transfer-Encoding: chunked\r\n\r\n"
                    + parts.map { String($0.utf8.count, radix: 16) + "\r\n\($0)\r\n" }.joined() + "0\r\n\r\n"
                : "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
            return """
                POST /stock-movements HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(server.token(.admin))\r
                Content-Type: application/json\r\n\(more)\(framed)
                """
        }

        private func statuses(_ answers: String) -> [Substring] {
            answers.matches(of: /HTTP\/1\.[01] (\d+)/).map(\.output.1)
        }

        @Test("a wish for an upgrade is passed over, and what follows on the connection is answered")
        func upgrade() async throws {
            try await LiveServer.with { server in
                try await server.stocked(0)
                let read = get("/stores/1/stock/101", server, Self.upgrade)
                let requests = [
                    read, read, post(server, Self.upgrade), read, post(server, Self.upgrade, isChunked: true),
                    post(server), get("/nothing", server, Self.upgrade), post(server, Self.upgrade),
                    get("/livez", server, "Connection: close\r\n"),
                ]
                let expected: [Substring] = ["200", "200", "201", "200", "201", "201", "404", "201", "200"]
                #expect(statuses(try await converse(port: server.port, requests)) == expected)
                // All at once, in pieces of any length, and by who hangs up behind the last.
                let all = requests.joined()
                #expect(statuses(try await exchange(port: server.port, [all])) == expected)
                #expect(statuses(try await exchange(port: server.port, [all], hangsUp: true)) == expected)
                for length in [1, 7, 100] {
                    let pieces = stride(from: 0, to: all.utf8.count, by: length).map {
                        String(decoding: Array(all.utf8)[$0..<min($0 + length, all.utf8.count)], as: UTF8.self)
                    }
                    #expect(statuses(try await exchange(port: server.port, pieces)) == expected)
                }
                #expect(try await server.onHand(101, store: 1) == 24)
            }
        }

        @Test("a wish is passed over however it is written")
        func spellings() async throws {
            let wishes = [
                "Connection: upgrade\r\nUpgrade: websocket", "connection: keep-alive, UPGRADE\r\nupgrade: h2c, foo/2",
                "Upgrade: h2c", "Connection: Upgrade", "Connection: close, upgrade\r\nUpgrade: h2c",
                "Connection: upgrade\t\r\nUpgrade: h2c", "Connection: foo\r\nConnection: \t upgrade,,\r\nUpgrade: h2c",
                "Connection: upgrade\r\nUpgrade:", "Connection: upgrades\r\nUpgrade: h2c",
                "Connection: upgrade \r\nUpgrade: h2c", "Connection: upgrade;q=1\r\nUpgrade: h2c",
                "Connection: \"upgrade\"\r\nUpgrade: h2c",
                // The decoder takes it for `Connection`.
                "Proxy-Connection: upgrade\r\nUpgrade: h2c", "Proxy-Connection: close", "Proxy-Connection: keep-alive",
                "Connection: é, upgrade\r\nUpgrade: h2c",
            ]
            try await LiveServer.with { server in
                try await server.stocked(0)
                for wish in wishes {
                    let first = post(server, wish + "\r\n")
                    let second = get("/livez", server, "Connection: close\r\n")
                    for parts in [[first + second], [first + second.prefix(30), String(second.dropFirst(30))]] {
                        let answers = try await exchange(port: server.port, parts)
                        // It goes on, or says that it does not.
                        let isOver = answers.ranges(of: "onnection: close").count == 1 && statuses(answers) == ["201"]
                        #expect(isOver || statuses(answers) == ["201", "200"], "\(wish): \(answers)")
                    }
                }
            }
        }

        @Test("who says that a request is the last has an answer that says so, too, and no other")
        func close() async throws {
            try await LiveServer.with { server in
                try await server.stocked(0)
                for options in [
                    "close", "Close", "close, TE", "TE,CLOSE", "keep-alive, close", "foo\r\nConnection: close",
                ] {
                    let field = "Connection: \(options)\r\n"
                    for (request, status) in [
                        (get("/stores/1/stock", server, field), "200"), (get("/nothing", server, field), "404"),
                        (get("/livez", server, field + "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", "200"),
                        (post(server, field), "201"), (get("/report", server, field + "Accept: text/csv\r\n"), "200"),
                    ] {
                        let answers = try await exchange(port: server.port, [request + get("/livez", server)])
                        #expect(statuses(answers) == [Substring(status)])
                        #expect(answers.isSaidToEnd, "\(answers)")
                    }
                }
            }
        }

        @Test("who says that it goes on is believed")
        func keepAlive() async throws {
            try await LiveServer.with { server in
                try await server.stocked(0)
                let field = "Connection: Keep-Alive, TE\r\n"
                let answers = try await converse(
                    port: server.port,
                    [
                        get("/stores/1/stock", server, field), post(server, field),
                        get("/livez", server, "Connection: close\r\n"),
                    ])
                #expect(statuses(answers) == ["200", "201", "200"] && answers.isSaidToEnd)
            }
        }

        /// Such a client may ask for more with `keep-alive`, which nobody has to grant (RFC 9112, section 9.3).
        @Test("a connection of HTTP/1.0 ends with its answer")
        func http10() async throws {
            try await LiveServer.with { server in
                try await server.stocked(3)
                for field in ["", "Connection: keep-alive\r\n"] {
                    for path in ["/stores/1/stock", "/nothing", "/livez"] {
                        let answers = try await exchange(
                            port: server.port, [get(path, server, field, version: "1.0") + get("/livez", server)])
                        #expect(statuses(answers).count == 1 && answers.isSaidToEnd)
                    }
                }
                // Chunks are not known to it, nor answers before the answer.
                let csv = get("/report", server, "Accept: text/csv\r\nExpect: 100-continue\r\n", version: "1.0")
                let report = try await exchange(port: server.port, [csv])
                #expect(statuses(report) == ["200"] && !report.lowercased().contains("transfer-encoding"))
                let body = report.split(separator: "\r\n\r\n", maxSplits: 1).last.map(String.init)
                #expect(body == (try await server.get("/report", headers: [("Accept", "text/csv")]).text))
            }
        }

        @Test("nobody is connected through")
        func connect() async throws {
            try await LiveServer.with { server in
                let request = "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\nContent-Length: 4\r\n\r\n"
                let answers = try await exchange(port: server.port, [request + "abcd" + get("/livez", server)])
                #expect(statuses(answers).count == 1 && answers.hasPrefix("HTTP/1.1 4") && answers.isSaidToEnd)
            }
        }
    }
}

extension String {
    /// Whether one of the answers, and only one, says that the connection ends with it.
    fileprivate var isSaidToEnd: Bool { matches(of: /(?i)\r\nconnection: close\r\n/).count == 1 }
}
