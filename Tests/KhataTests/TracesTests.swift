import AsyncHTTPClient
import Foundation
import LedgerTesting
import NIOCore
import NIOHTTP1
import ServerTesting
import Testing

@Suite("Traces of a serving instance")
struct TracesTests {
    private static let accepting: @Sendable (Int, ScriptedServer.Request) -> ScriptedServer.Reply = { _, _ in
        .answer(200, "")
    }
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    @Test("a sale's trace goes from the caller's span to each round trip; a sale in its batch is linked with it")
    func sale() async throws {
        try await ScriptedServer.with(Self.accepting) { collector, url in
            try await TestDatabase.with { database in
                try await RedisServer.with { redis in
                    let program = Program(
                        on: database,
                        [
                            "KHATA_REDIS_URL": redis.url, "KHATA_TRACES_URL": "\(url)/v1/traces",
                            "KHATA_LOG_REQUESTS": "1", "KHATA_WRITE_LANES": "1",
                        ])
                    let key = try await program.run(["key", "create", "--name", "owner", "--role", "admin"]).lines[0]
                    for command in [["store", "add", "Shop", "--id", "1"], ["product", "add", "Tea", "--id", "7"]] {
                        #expect(try await program.run(command).status == 0)
                    }
                    let log = redis.directory.appending(path: "serve.log")
                    let server = try program.start(["serve", "--port", "0", "--ops-port", "0"], log: log)
                    defer { server.kill(SIGTERM) }
                    try await eventually("the cache is trusted") { try server.said.contains("the cache is trusted") }
                    let api = try #require(try server.said.firstMatch(of: /serving url=(\S+)/)).output.1

                    let statuses = try await withThrowingTaskGroup { group in
                        for number in 0..<40 {
                            group.addTask { try await stockIn(at: api, key, "00-\(Self.trace)-\(spanID(number))-01") }
                        }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                    #expect(statuses == Array(repeating: 201, count: 40))
                    func spans() throws -> [ReceivedSpans.Span] {
                        try collector.requests.flatMap { try ReceivedSpans($0.body).spans }
                    }
                    let route = "POST /stores/{store_id}/stock"
                    try await eventually("the spans are exported") { try spans().count { $0.name == route } == 40 }

                    let all = try spans()
                    let requests = all.filter { $0.name == route }
                    #expect(Set(requests.compactMap(\.parentSpanId)) == Set((0..<40).map(spanID)))
                    #expect(all.allSatisfy { $0.traceId == Self.trace })
                    for request in requests {
                        #expect(request.attribute("http.response.status_code")?.intValue == "201")
                        #expect(request.attribute("http.route")?.stringValue == "/stores/{store_id}/stock")
                        // Each has its commit: a child of it, or one that is linked with it, both ways.
                        let commit = all.first { commit in
                            commit.name == "commit"
                                && (commit.parentSpanId == request.spanId
                                    || commit.links?.contains { $0.spanId == request.spanId } == true
                                        && request.links?.map(\.spanId) == [commit.spanId])
                        }
                        let inside = all.filter { $0.parentSpanId == commit?.spanId && commit != nil }.map(\.name)
                        #expect(inside.contains("movements.lock_catalog") && inside.contains("movements.insert"))
                    }
                    // On a busy machine the cache may not be trusted for a moment; then the relay invalidates it.
                    #expect(all.contains { $0.name.hasPrefix("EVAL") }, "no commit invalidated the cache")
                    #expect(all.contains { $0.links?.isEmpty == false }, "no two commands shared a commit")
                    #expect(try server.said.contains("trace_id=\(Self.trace)"))
                }
            }
        }
    }

    @Test("nothing is traced that nobody wants traced; with a rate, requests begin traces, which the log names")
    func rate() async throws {
        for (interval, expected) in [("0", false), ("1", true)] {
            try await ScriptedServer.with(Self.accepting) { collector, url in
                try await TestFile.with { file in
                    let program = Program(
                        on: file,
                        [
                            "KHATA_TRACES_URL": "\(url)/v1/traces", "KHATA_TRACES_REQUESTS": interval,
                            "KHATA_LOG_REQUESTS": "1",
                        ])
                    let server = try program.start(
                        ["serve", "--port", "0", "--ops-port", "0"], log: file.folder.appending(path: "serve.log"))
                    defer { server.kill() }
                    try await eventually("it serves") { try server.said.contains("serving url=") }
                    let api = try #require(try server.said.firstMatch(of: /serving url=(\S+)/)).output.1
                    let request = HTTPClientRequest(url: "\(api)/livez")
                    _ = try await HTTPClient.shared.execute(request, timeout: .seconds(30)).body.collect(upTo: 1_000)
                    server.kill(SIGTERM)
                    let outcome = try await server.end()
                    #expect(outcome.status == 0)
                    let span = try collector.requests.first.map { try ReceivedSpans($0.body) }?.named("GET /livez")
                    #expect((span != nil) == expected)
                    if let span { #expect(outcome.errors.contains("trace_id=\(span.traceId)")) }
                }
            }
        }
    }

    @Test("a collector that is not there costs requests and the end nothing")
    func away() async throws {
        let port = try await RedisServer.freePort()
        try await TestFile.with { file in
            let settings = ["KHATA_TRACES_URL": "http://127.0.0.1:\(port)/v1/traces", "KHATA_TRACES_REQUESTS": "1"]
            let server = try Program(on: file, settings).start(
                ["serve", "--port", "0", "--ops-port", "0"], log: file.folder.appending(path: "serve.log"))
            defer { server.kill() }
            try await eventually("it serves") { try server.said.contains("serving url=") }
            let api = try #require(try server.said.firstMatch(of: /serving url=(\S+)/)).output.1
            for _ in 0..<100 {
                let response = try await HTTPClient.shared.execute(
                    HTTPClientRequest(url: "\(api)/livez"), timeout: .seconds(30))
                #expect(response.status == .ok)
                _ = try await response.body.collect(upTo: 1_000)
            }
            // It waits to try again.
            try await Task.sleep(for: .milliseconds(1_500))
            server.kill(SIGTERM)
            let outcome = try await server.end()
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.errors.contains("spans could not be exported"), "\(outcome.errors)")
        }
    }

    private func spanID(_ number: Int) -> String { "00f067aa0ba9" + String(0x1000 + number, radix: 16) }

    private func stockIn(at api: Substring, _ key: Substring, _ parent: String) async throws -> UInt {
        var request = HTTPClientRequest(url: "\(api)/api/v1/stores/1/stock")
        request.method = .POST
        request.headers = [
            "Authorization": "Bearer \(key)", "Content-Type": "application/json", "traceparent": parent,
        ]
        request.body = .bytes(ByteBuffer(string: #"{"product_id":7,"quantity":1,"movement_type":"stock-in"}"#))
        return try await HTTPClient.shared.execute(request, timeout: .seconds(30)).status.code
    }
}
