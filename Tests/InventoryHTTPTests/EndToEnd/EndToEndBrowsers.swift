import Access
import LedgerTesting
import NIOHTTP1
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    @Suite("Browsers")
    struct Browsers {
        private static let exposed =
            "Cache-Status, ETag, Idempotent-Replayed, Inventory-Freshness, Inventory-History, Inventory-Position, "
            + "Location, Preference-Applied, RateLimit, RateLimit-Policy, "
            + "Retry-After, X-Request-Id"

        @Test("every answer says what browsers are to do with it")
        func securityHeaders() async throws {
            try await LiveServer.with { server in
                let answers = [
                    try await server.get("/products"), try await server.get("/nothing"),
                    try await server.get("/products", as: nil), try await server.post("/products", "{"),
                    try await server.send(.HEAD, "/products"), try await server.send(.OPTIONS, "/products"),
                    try await server.send(.GET, "/livez", opsPort: true),
                ]
                #expect(answers.map(\.status) == [200, 404, 401, 400, 200, 405, 200])
                for answer in answers {
                    #expect(answer.header("X-Content-Type-Options") == "nosniff")
                    #expect(
                        answer.header("Content-Security-Policy") == "default-src 'none'; frame-ancestors 'none'")
                    #expect(answer.header("Server") == nil)
                    #expect(answer.header("Strict-Transport-Security") == nil)
                }
                for request in [
                    "no HTTP\r\n\r\n", "GET / HTTP/1.1\r\nX: \(String(repeating: "x", count: 17_000))\r\n\r\n",
                ] {
                    let answer = try await exchange(port: server.port, [request])
                    #expect(answer.contains("X-Content-Type-Options: nosniff\r\n"))
                    #expect(answer.contains("Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"))
                }
            }
        }

        @Test("without a policy, no page of another origin may do anything")
        func off() async throws {
            try await LiveServer.with { server in
                let origin = ("Origin", "https://shop.example")
                let preflight = try await server.send(
                    .OPTIONS, "/products", as: nil, headers: [origin, ("Access-Control-Request-Method", "GET")])
                #expect(preflight.status == 405)
                let answer = try await server.get("/products", headers: [origin])
                #expect(answer.status == 200)
                for answer in [preflight, answer] {
                    #expect(answer.accessControl.isEmpty)
                    #expect(answer.header("Vary") == nil)
                }
            }
        }

        @Test("a page of a known origin may ask, send and read; the browser is told so without a key")
        func known() async throws {
            try await LiveServer.with(cors: CORSPolicy("https://shop.example, http://localhost:3000")) { server in
                for origin in ["https://shop.example", "http://localhost:3000"] {
                    for (path, methods) in [
                        ("/products", "GET, POST, HEAD"), ("/api/v1/products/7/?a=b", "GET, PUT, DELETE, HEAD"),
                        ("/stock-transfers", "POST"),
                    ] {
                        let preflight = try await server.send(
                            .OPTIONS, path, as: nil,
                            headers: [
                                ("Origin", origin), ("Access-Control-Request-Method", "POST"),
                                ("Access-Control-Request-Headers", "authorization, content-type"),
                            ])
                        #expect(preflight.status == 204)
                        #expect(preflight.text.isEmpty)
                        #expect(preflight.header("Access-Control-Allow-Origin") == origin)
                        #expect(preflight.header("Access-Control-Allow-Methods") == methods)
                        #expect(
                            preflight.header("Access-Control-Allow-Headers")
                                == "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, "
                                + "Inventory-History, Inventory-Min-Position, Last-Event-ID, Prefer, X-Request-Id, traceparent"
                        )
                        #expect(preflight.header("Access-Control-Max-Age") == "7200")
                        #expect(preflight.header("Vary") == "Origin")
                    }
                    let answers = [
                        try await server.get("/products", headers: [("Origin", origin)]),
                        try await server.get("/products", as: nil, headers: [("Origin", origin)]),
                        try await server.get("/nothing", headers: [("Origin", origin)]),
                    ]
                    #expect(answers.map(\.status) == [200, 401, 404])
                    for answer in answers {
                        #expect(answer.header("Access-Control-Allow-Origin") == origin)
                        #expect(answer.header("Access-Control-Expose-Headers") == Self.exposed)
                        #expect(answer.header("Access-Control-Allow-Credentials") == nil)
                        #expect(answer.header("Vary") == "Origin")
                    }
                }
                let report = try await server.get("/report", headers: [("Origin", "https://shop.example")])
                #expect(report.headers["Vary"] == ["Accept", "Origin"])
            }
        }

        @Test("a page of an unknown origin gets what it would get without a policy")
        func unknown() async throws {
            try await LiveServer.with(cors: CORSPolicy("https://shop.example")) { server in
                for origin in ["https://evil.example", "http://shop.example", "https://shop.example:8443", "null", ""] {
                    let preflight = try await server.send(
                        .OPTIONS, "/products", as: nil,
                        headers: [("Origin", origin), ("Access-Control-Request-Method", "GET")])
                    #expect(preflight.status == 405)
                    let answer = try await server.get("/products", headers: [("Origin", origin)])
                    #expect(answer.status == 200)
                    for answer in [preflight, answer] {
                        #expect(answer.accessControl.isEmpty)
                        // A cache must not give this answer to a page that may read it, nor the other way round.
                        #expect(answer.header("Vary") == "Origin")
                    }
                }
            }
        }

        @Test("a policy for all lets every page, but asks for the key all the same")
        func all() async throws {
            try await LiveServer.with(cors: CORSPolicy("*")) { server in
                let origin = ("Origin", "https://any.example")
                let preflight = try await server.send(
                    .OPTIONS, "/products", as: nil, headers: [origin, ("Access-Control-Request-Method", "GET")])
                #expect(preflight.status == 204)
                let refused = try await server.get("/products", as: nil, headers: [origin])
                #expect(refused.status == 401)
                for answer in [preflight, refused] {
                    #expect(answer.header("Access-Control-Allow-Origin") == "*")
                    #expect(answer.header("Vary") == nil)
                }
                // What is no preflight is what it always was.
                #expect(try await server.send(.OPTIONS, "/products", headers: [origin]).status == 405)
                let nowhere = try await server.send(
                    .OPTIONS, "/nothing", headers: [origin, ("Access-Control-Request-Method", "GET")])
                #expect(nowhere.status == 404)
                #expect(try await server.get("/products").accessControl.isEmpty)
            }
        }
    }
}

extension Answer {
    fileprivate var accessControl: [String] {
        headers.map(\.name).filter { $0.lowercased().hasPrefix("access-control") }
    }
}
