import Access
import AsyncHTTPClient
import Inventory
import JSON
import LedgerTesting
import NIOCore
import NIOHTTP1
import RateLimiting
import ServerTesting
import ServiceLifecycle
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    @Suite("The change feed", .timeLimit(.minutes(2)))
    struct Changes {
        @Test("is CloudEvents, a page at a time, to the end")
        func pages() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                _ = try await server.post(
                    "/stock-transfers", #"{"product_id": 101, "from_store_id": 1, "to_store_id": 2, "quantity": 3}"#)
                let first = try await server.get("/stores/1/changes?limit=5", as: .reader)
                #expect(first.status == 200 && first.header("cache-control") == "no-store")
                #expect(first["next_after"] == 5)
                let event = try #require(first["items"]?[1])
                #expect(
                    event.names == [
                        "specversion", "id", "source", "type", "time", "sequence", "previous", "datacontenttype",
                        "data",
                    ])
                #expect(event["specversion"] == "1.0" && event["source"] == "/stores/1")
                #expect(event["type"] == "khata.stock.moved.v1" && event["sequence"] == "0000000000000002")
                #expect(event["previous"] == first["items"]?[0]?["id"])
                let data = try #require(event["data"])
                #expect(data["product_id"] == 102 && data["movement_type"] == "stock-in" && data["on_hand"] == 20)
                #expect(data["store_id"] == 1 && data["position"] == 2 && data["recorded_at"] == event["time"])
                // By position and by id.
                let id = try #require(first["items"]?[4]?["id"]?.string)
                for after in ["5", id] {
                    let rest = try await server.get("/api/v1/stores/1/changes?after=\(after)", as: .reader)
                    #expect(rest["items"]?.elements.count == 1 && rest["next_after"] == 6)
                    #expect(rest["items"]?[0]?["type"] == "khata.stock.transferred.v1")
                    #expect(rest["items"]?[0]?["data"]?["transfer_id"]?.string != nil)
                }
                let none = try await server.get("/stores/1/changes?after=6")
                #expect(none["items"]?.elements == [] && none["next_after"] == 6)
            }
        }

        @Test("of all stores is what the caller sees")
        func severalStores() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                _ = try await server.move(101, store: 2, 4, "stock-in")
                var sources: [String] = []
                var after = ""
                for _ in 0..<20 {
                    let page = try await server.get("/changes?limit=3\(after)", as: .reader)
                    #expect(page.status == 200)
                    sources += page["items"]?.elements.compactMap { $0["source"]?.string } ?? []
                    after = "&after=\(try #require(page["next_after"]?.string))"
                }
                let counts = Dictionary(grouping: sources, by: \.self).mapValues(\.count)
                #expect(counts == ["/stores/0": 7, "/stores/1": 5, "/stores/2": 1])

                let limited = try await server.key(.reader, stores: [2])
                let headers = [("Authorization", "Bearer \(limited)")]
                let own = try await server.get("/changes", as: nil, headers: headers)
                #expect(own["items"]?.elements.map { $0["source"] } == ["/stores/2"])
                for path in ["/stores/1/changes", "/stores/0/changes", "/stores/9/changes"] {
                    #expect(try await server.get(path, as: nil, headers: headers).status == 404, "\(path)")
                }
                #expect(try await server.get("/changes", as: nil).status == 401)
            }
        }

        @Test("a wait ends with the next change, or with nothing")
        func longPoll() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                async let waiting = server.get("/stores/1/changes?after=5&wait=20")
                async let all = server.get("/changes?after=latest&wait=1")
                #expect(try await all["items"]?.elements == [])
                _ = try await server.move(101, store: 1, 1, "sale")
                let page = try await waiting
                #expect(page["items"]?.elements.count == 1 && page["next_after"] == 6)
            }
        }

        @Test("what cannot be followed is refused")
        func refusals() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                for query in [
                    "after=-1", "after=05", "after=x", "after=", "wait=61", "wait=-1", "limit=0", "limit=1001",
                    "cursor=1", "after=1&after=2",
                ] {
                    let refused = try await server.get("/stores/1/changes?\(query)")
                    #expect(refused.status == 400 && refused.code == "invalid-parameter", "\(query)")
                }
                for path in ["/changes?after=5", "/changes?after=~1.2"] {
                    #expect(try await server.get(path).code == "invalid-parameter", "\(path)")
                }
                for after in ["6", "5-0000000000000000", "3-ffffffffffffffff"] {
                    let lost = try await server.get("/stores/1/changes?after=\(after)")
                    #expect(lost.status == 412 && lost.code == "history-changed", "\(after)")
                }
                let events = [("Accept", "text/event-stream")]
                #expect(try await server.get("/stores/1/changes?wait=1", headers: events).code == "invalid-parameter")
                let last = try await server.get("/stores/1/changes", headers: events + [("Last-Event-ID", "x")])
                #expect(last.code == "invalid-parameter")
                #expect(try await server.get("/stores/1/changes?after=9", headers: events).status == 412)
            }
        }

        @Test("a stream of events is sent as they happen, and resumes where it ended", arguments: [[], ["keep-alive"]])
        func stream(connection: [String]) async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let headers = connection.map { ("Connection", $0) }
                var last = ""
                try await server.follow("/stores/1/changes?after=4", headers: headers) { events in
                    try await events.expectNext("sequence", "0000000000000005")
                    for sequence in ["0000000000000006", "0000000000000007"] {
                        _ = try await server.move(101, store: 1, 1, "sale")
                        try await events.expectNext("sequence", .text(sequence))
                    }
                    last = events.lastID
                }
                _ = try await server.move(101, store: 1, 1, "sale")
                // As a browser connects again: to the same address.
                let again = headers + [("Last-Event-ID", last)]
                try await server.follow("/stores/1/changes?after=4", headers: again) { events in
                    try await events.expectNext("sequence", "0000000000000008")
                }
                try await server.follow("/changes?after=latest", headers: headers) { events in
                    _ = try await server.move(101, store: 2, 1, "stock-in")
                    try await events.expectNext("source", "/stores/2")
                    #expect(events.lastID.contains("~2.1."))
                }
            }
        }

        @Test("a stream that is lost before its first event misses none", arguments: ["/stores/1/changes", "/changes"])
        func lostBeforeFirst(path: String) async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                var last = ""
                try await server.follow("\(path)?after=latest") { events in last = try await events.nextID() }
                _ = try await server.move(101, store: 1, 1, "sale")
                try await server.follow("\(path)?after=latest", headers: [("Last-Event-ID", last)]) { events in
                    try await events.expectNext("sequence", "0000000000000006")
                }
            }
        }

        @Test("a client that sends no more waits no longer", arguments: ["", "Connection: keep-alive\r\n"])
        func inputClosed(header: String) async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                // Three whole waits would take longer than the test may.
                for accept in ["*/*", "*/*", "*/*", "text/event-stream"] {
                    let wait = accept == "*/*" ? "&wait=60" : ""
                    let answer = try await exchange(
                        port: server.port,
                        [
                            "GET /stores/1/changes?after=5\(wait) HTTP/1.1\r\nHost: a\r\nAccept: \(accept)\r\n\(header)"
                                + "Authorization: Bearer \(server.token(.reader))\r\n\r\n"
                        ], hangsUp: true)
                    #expect(answer.hasPrefix("HTTP/1.1 200"))
                    #expect(accept == "*/*" ? answer.contains(#""items":[]"#) : answer.contains("retry: 1000"))
                }
            }
        }

        @Test("each page of a stream costs a permit")
        func rates() async throws {
            var rates = RatePolicies()
            rates.roles[.reader] = RatePolicies.Pair(reads: RatePolicy(permitsPerSecond: 1, burst: 100))
            try await LiveServer.with(rates: rates) { server in
                try await server.stocked()
                for _ in 0..<45 { _ = try await server.move(101, store: 1, 1, "stock-in") }
                try await server.follow("/stores/1/changes?limit=1") { events in
                    for _ in 0..<50 { _ = try #require(try await events.next()) }
                }
                let rate = try await server.get("/products", as: .reader).header("ratelimit")
                let left = try #require(rate?.firstMatch(of: /r=(\d+)/)?.output.1)
                #expect(Int(left) ?? 100 < 90, "\(left)")
            }
        }

        @Test("a stream ends when its key is revoked, and when the server stops")
        func ends() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let key = try await server.key(.reader, stores: [1])
                let id = key.split(separator: "_")[1]
                let headers = [("Authorization", "Bearer \(key)")]
                try await server.follow("/stores/1/changes?after=5", as: nil, headers: headers) { events in
                    _ = try await server.move(101, store: 1, 1, "sale")
                    _ = try #require(try await events.next())
                    #expect(try await server.send(.DELETE, "/admin/keys/\(id)").status == 204)
                    // A key that was just verified is believed for some seconds.
                    try await withThrowingTaskGroup { group in
                        group.addTask {
                            while true {
                                _ = try await server.move(101, store: 1, 1, "stock-in")
                                try await Task.sleep(for: .milliseconds(200))
                            }
                        }
                        while try await events.next() != nil {}
                        group.cancelAll()
                    }
                }
                try await server.follow("/changes?after=latest") { events in
                    _ = try await server.move(101, store: 1, 1, "stock-in")
                    _ = try #require(try await events.next())
                    await server.services.triggerGracefulShutdown()
                    while try await events.next() != nil {}
                }
            }
        }
    }
}

extension LiveServer {
    /// Lends the events of a stream while it is open.
    fileprivate func follow(
        _ path: String, as role: Role? = .reader, headers: [(String, String)] = [],
        _ body: (inout EventStream) async throws -> Void
    ) async throws {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.headers = HTTPHeaders([("Accept", "text/event-stream")] + headers)
        if let role { request.headers.add(name: "Authorization", value: "Bearer \(token(role))") }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(100))
        #expect(response.status == .ok && response.headers.first(name: "content-type") == "text/event-stream")
        var events = EventStream(bytes: response.body.makeAsyncIterator())
        try await body(&events)
    }
}

/// The events of a stream (HTML Living Standard, section 9.2), as far as the server uses the format.
private struct EventStream {
    var bytes: HTTPClientResponse.Body.AsyncIterator
    private var text = ""
    private(set) var lastID = ""

    init(bytes: HTTPClientResponse.Body.AsyncIterator) {
        self.bytes = bytes
    }

    /// - Returns: `nil` at the end.
    mutating func next(isolation: isolated (any Actor)? = #isolation) async throws -> JSONValue? {
        while true {
            while let end = text.firstRange(of: "\n\n") {
                let block = text[..<end.lowerBound].split(separator: "\n")
                text.removeSubrange(..<end.upperBound)
                for line in block where line.hasPrefix("id: ") { lastID = String(line.dropFirst(4)) }
                guard let data = block.first(where: { $0.hasPrefix("data: ") }) else { continue }
                return try JSONParser.parse(Array(data.dropFirst(6).utf8))
            }
            guard let more = try await bytes.next(isolation: isolation) else { return nil }
            text += String(buffer: more)
        }
    }

    /// - Returns: The first id.
    mutating func nextID(isolation: isolated (any Actor)? = #isolation) async throws -> String {
        while true {
            if let id = text.firstMatch(of: /(?m)^id: (.*)$/) { return String(id.output.1) }
            text += String(buffer: try #require(try await bytes.next(isolation: isolation)))
        }
    }

    mutating func expectNext(
        _ name: String, _ value: JSONValue, isolation: isolated (any Actor)? = #isolation
    ) async throws {
        let event = try await next()
        #expect(event?[name] == value)
    }
}
