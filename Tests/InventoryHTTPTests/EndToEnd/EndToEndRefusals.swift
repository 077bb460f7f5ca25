import Access
import Inventory
import JSON
import LedgerTesting
import NIOHTTP1
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    @Suite("Refusals")
    struct Refusals {
        @Test("no route is open without a key, but health")
        func authentication() async throws {
            try await LiveServer.with { server in
                let wrong = APIKey.generate().token
                for (method, path, body) in requests {
                    let answer = try await server.send(.init(rawValue: method), path, body, as: nil)
                    #expect(answer.status == 401, "\(method) \(path)")
                    #expect(answer.code == "unauthenticated")
                    #expect(answer.header("www-authenticate") == #"Bearer realm="khata""#)
                    for credential in ["Bearer \(wrong)", "bearer \(wrong.dropLast())", "Bearer x"] {
                        let answer = try await server.send(
                            .init(rawValue: method), path, body, as: nil, headers: [("Authorization", credential)])
                        #expect(answer.status == 401)
                        #expect(
                            answer.header("www-authenticate") == #"Bearer realm="khata", error="invalid_token""#)
                    }
                }
                let basic = try await server.get("/products", as: nil, headers: [("Authorization", "Basic YTpi")])
                #expect(basic.status == 401)
                for isOps in [true, false] {
                    for path in ["/livez", "/readyz"] {
                        let answer = try await server.send(.GET, path, as: nil, opsPort: isOps)
                        #expect(answer.status == 200)
                        #expect(answer.header("content-type") == "application/health+json")
                        #expect(answer.json.names == ["status"] && answer["status"] == "pass")
                    }
                    let health = try await server.send(.GET, "/health/", as: isOps ? nil : .manager, opsPort: isOps)
                    #expect(health.status == 200)
                    #expect(health["checks"]?["primary:responseTime"]?[0]?["status"] == "pass")
                }
                let anonymous = try await server.get("/health", as: nil)
                #expect(anonymous.status == 401 && anonymous["checks"] == nil)
                let limited = try await server.key(.admin, stores: [1])
                let health = try await server.get("/health", as: nil, headers: [("Authorization", "Bearer \(limited)")])
                #expect(health.status == 403)
                #expect(try await server.send(.GET, "/products", opsPort: true).status == 404)
            }
        }

        @Test("each role may do what the contract says, and no more")
        func roles() async throws {
            try await LiveServer.with { server in
                for (method, path, body) in requests {
                    for role in Role.allCases {
                        let status = try await server.send(.init(rawValue: method), path, body, as: role).status
                        #expect(
                            (status == 403) == (role < leastRole(method, path)), "\(role) \(method) \(path) \(status)")
                    }
                }
                #expect(try await server.get("/audit", as: .clerk).code == "forbidden")
            }
        }

        @Test("a path that is none, a method that is none there")
        func routes() async throws {
            try await LiveServer.with { server in
                for path in ["/", "/nothing", "/api/v2/products", "/products/x", "/products/1/2", "/admin", "/metrics"]
                {
                    let answer = try await server.get(path)
                    #expect(answer.status == 404)
                    #expect(answer.code == "not-found")
                    #expect(answer["request_id"]?.string == answer.header("x-request-id"))
                }
                let answer = try await server.send(.DELETE, "/api/v1/stock-movements/")
                #expect(answer.status == 405)
                #expect(answer.code == "method-not-allowed")
                #expect(answer.header("allow") == "POST, GET, HEAD")
                #expect(try await server.send(.OPTIONS, "/products").header("allow") == "GET, POST, HEAD")
                #expect(try await server.get("/stock-transfers").header("allow") == "POST")
            }
        }

        @Test("what cannot be answered as asked, or is not JSON")
        func mediaTypes() async throws {
            try await LiveServer.with { server in
                for path in ["/products", "/stores/1/stock", "/report"] {
                    let answer = try await server.get(path, headers: [("Accept", "text/html")])
                    #expect(answer.status == 406)
                    #expect(answer.code == "not-acceptable")
                }
                #expect(try await server.get("/products", headers: [("Accept", "text/csv")]).status == 406)
                #expect(
                    try await server.get("/products", headers: [("Accept", "text/html, */*;q=0.1")]).status == 200)
                for type in ["text/plain", "application/x-www-form-urlencoded", "application/xml"] {
                    let answer = try await server.post(
                        "/products", #"{"name": "a"}"#, headers: [("Content-Type", type)])
                    #expect(answer.status == 415)
                    #expect(answer.code == "unsupported-media-type")
                }
                let charset = [("Content-Type", "application/json; charset=utf-8")]
                #expect(try await server.post("/products", #"{"name": "a"}"#, headers: charset).status == 201)
            }
        }

        @Test("bad input is refused for what is wrong with it, and nothing of it is recorded")
        func badInput() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let good = #""store_id": 1, "product_id": 101, "quantity": 1, "movement_type": "sale""#
                let corpus: [(String, Int, JSONValue)] =
                    [
                        ("", 400, "malformed-json"), ("{", 400, "malformed-json"),
                        ("{\(good),}", 400, "malformed-json"),
                        ("{\(good)} {}", 400, "malformed-json"), ("{'store_id': 1}", 400, "malformed-json"),
                        (String(repeating: "[", count: 500_000), 400, "malformed-json"),
                        (String(repeating: #"{"a":"#, count: 100_000), 400, "malformed-json"),
                        ("[]", 422, "invalid-body"), ("null", 422, "invalid-body"), ("{}", 422, "invalid-body"),
                        ("[{\(good)}]", 422, "invalid-body"), ("{\(good), \"colour\": \"red\"}", 422, "invalid-body"),
                        ("{\(good), \"quantity\": 1}", 422, "invalid-body"),
                        ("{\(good), \"note\": \"\\u0000\"}", 422, "invalid-body"),
                    ]
                    + ["0", "-1", "0.5", "1e2", "\"1\"", "true", "null", "1000000001", "99999999999999999999"].map {
                        (
                            #"{"store_id": 1, "product_id": 101, "movement_type": "sale", "quantity": \#($0)}"#, 422,
                            "invalid-body"
                        )
                    }
                for (body, status, code) in corpus {
                    for path in ["/stock-movements", "/stores/1/stock", "/stock-transfers", "/products", "/stores"] {
                        let answer = try await server.post(path, body)
                        // A movement is no transfer, product or store either.
                        #expect(answer.status == status, "\(path) \(body.prefix(80)) \(answer.text)")
                        #expect(answer.code == code)
                        #expect(answer.header("content-type") == "application/problem+json")
                    }
                }
                let all = try await server.post("/stock-movements", #"{"quantity": 0, "colour": "red"}"#)
                #expect(all.pointers == ["/store_id", "/product_id", "/movement_type", "/quantity", "/colour"])
                let thousand = [String](repeating: "{\(good)}", count: 1_001).joined(separator: ",")
                for lines in ["", thousand] {
                    let answer = try await server.post("/stock-movements/batch", "{\"movements\": [\(lines)]}")
                    #expect(answer.status == 422)
                    #expect(answer.pointers == ["/movements"])
                }
                #expect(try await server.get("/audit/0")["items"]?.elements.count == 7)
                #expect(try await server.get("/audit/1")["items"]?.elements.count == 5)
                #expect(try await server.get("/audit/2")["items"] == .array([]))
            }
        }

        @Test("a bad parameter is refused by name")
        func badParameter() async throws {
            let corpus = [
                ("/products?colour=red", "colour"), ("/products?limit=0", "limit"), ("/products?limit=1001", "limit"),
                ("/products?limit=1&limit=1", "limit"), ("/products?q=%00", "q"), ("/stores?q=a", "q"),
                ("/stores/1/stock?below=-1", "below"), ("/stores/1/stock?as_of=now", "as_of"),
                ("/stores/1/stock/101?limit=1", "limit"), ("/stock-movements?type=theft", "type"),
                ("/stock-movements?store_id=0", "store_id"), ("/stock-movements?from=2026-13-01T00:00:00Z", "from"),
                ("/report?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
                ("/report?group_by=week", "group_by"), ("/audit?action=theft", "action"),
                ("/audit?action=key-created", "action"),
                ("/stores/1/stock?min_position=new", "min_position"),
            ]
            try await LiveServer.with { server in
                try await server.stocked(0)
                for (path, name) in corpus {
                    let answer = try await server.get(path)
                    #expect(answer.status == 400)
                    #expect(answer.code == "invalid-parameter")
                    #expect(answer["parameter"] == .text(name))
                }
            }
        }

        @Test("a failure of ours is no refusal, and tells nothing about itself")
        func internalFailure() async throws {
            try await LiveServer.with { server in
                try await server.database.execute("alter table products rename to moved")
                let answer = try await server.get("/products")
                #expect(answer.status == 500)
                #expect(answer.code == "internal")
                #expect(answer.json.names == ["type", "title", "status", "detail", "code", "request_id"])
                for word in ["moved", "products", "relation", "select"] {
                    #expect(!answer.text.contains(word))
                }
                // Whether a key that was not seen before is good, nobody can tell now.
                try await server.database.execute("alter table api_keys rename to moved_too")
                #expect(try await server.get("/stores", as: .reader).status == 500)
            }
        }

        @Test("a request id that cannot be taken over is replaced")
        func requestIDs() async throws {
            try await LiveServer.with { server in
                let mine = try await server.get("/nothing", headers: [("X-Request-Id", "mine")])
                #expect(mine.header("x-request-id") == "mine")
                #expect(mine["request_id"] == "mine")
                let made = try await server.get("/nothing", headers: [("X-Request-Id", "not mine")])
                #expect(made.header("x-request-id")?.wholeMatch(of: /[0-9a-v]{13}/) != nil)
            }
        }

        /// Every route that needs a key, with a body that is refused before anything is recorded.
        private let requests: [(String, String, String?)] = [
            ("GET", "/products", nil), ("POST", "/products", "{}"), ("GET", "/products/1", nil),
            ("PUT", "/products/1", "{}"), ("DELETE", "/products/1", nil), ("GET", "/stores", nil),
            ("POST", "/stores", "{}"), ("GET", "/stores/1", nil), ("PUT", "/stores/1", "{}"),
            ("DELETE", "/stores/1", nil),
            ("GET", "/stores/1/stock", nil), ("GET", "/inventory/1", nil), ("GET", "/stores/1/stock/1", nil),
            ("POST", "/stores/1/stock", "{}"), ("POST", "/stock-movement", "{}"), ("POST", "/stock-movements", "{}"),
            ("POST", "/stock-movements/batch", "{}"), ("GET", "/stock-movements", nil),
            ("POST", "/stock-transfers", "{}"), ("POST", "/stock/move", "{}"), ("GET", "/stock/tea", nil),
            ("GET", "/stores/1/changes", nil), ("GET", "/changes", nil),
            ("GET", "/report", nil), ("GET", "/audit", nil), ("GET", "/audit/1", nil),
            ("GET", "/admin/keys", nil), ("POST", "/admin/keys", "{}"), ("GET", "/admin/keys/000000000000", nil),
            ("DELETE", "/admin/keys/000000000000", nil), ("POST", "/admin/keys/000000000000/rotate", "{}"),
            ("GET", "/health", nil),
        ]

        private func leastRole(_ method: String, _ path: String) -> Role {
            if path.hasPrefix("/audit") || path == "/health" { return .manager }
            if path.hasPrefix("/admin") { return .admin }
            if method == "GET" { return .reader }
            return path.contains("stock") ? .clerk : .manager
        }
    }
}
