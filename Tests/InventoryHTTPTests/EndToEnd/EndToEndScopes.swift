import Access
import HTTPTypes
import Inventory
import JSON
import LedgerTesting
import NIOHTTP1
import PostgresLedger
import ServerTesting
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    @Suite("Store scopes")
    struct Scopes {
        /// A store of one's own, one that is others', and one that is nowhere.
        private static let (own, foreign, missing) = (1, 2, 999)

        @Test(
            "a foreign store answers exactly like one that does not exist, whatever is asked", arguments: Role.allCases)
        func foreignStore(role: Role) async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                #expect(try await server.move(101, store: Self.foreign, 20, "stock-in").status == 201)
                let key = try await server.key(role, stores: [Self.own])
                for request in Self.requests {
                    let foreign = try await request.sent(to: server, Self.foreign, key)
                    let missing = try await request.sent(to: server, Self.missing, key)
                    #expect(foreign.status == missing.status, "\(request)")
                    #expect(
                        Self.likeness(foreign, Self.foreign) == Self.likeness(missing, Self.missing), "\(request)")
                    #expect(foreign.status == request.refusal(of: role), "\(request)")
                }
                #expect(try await server.onHand(101, store: Self.own) == 20, "nothing was moved")
                #expect(try await server.onHand(101, store: Self.foreign) == 20)
            }
        }

        @Test("one's own store answers as it does to who is not limited", arguments: Role.allCases)
        func ownStore(role: Role) async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let key = try await server.key(role, stores: [Self.own])
                for request in Self.requests where !request.namesTwoStores {
                    let answer = try await request.sent(to: server, Self.own, key)
                    #expect((answer.status == 403) == (role < request.role), "\(request) \(answer.status)")
                    #expect(answer.status != 404, "\(request)")
                }
            }
        }

        @Test("every route that names a store is tried")
        func completeness() async throws {
            try await LiveServer.with { server in
                for route in server.routes where route.path.contains("{store_id}") {
                    let pattern = route.path.replacing("{store_id}", with: "{S}").replacing("{product_id}", with: "101")
                    let isTried = Self.requests.contains {
                        $0.method.rawValue == route.method.rawValue && $0.path.split(separator: "?")[0] == pattern
                    }
                    #expect(isTried, "\(route.method) \(route.path)")
                }
            }
        }

        @Test("lists, reports and the audit log tell of one's own stores only")
        func lists() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                #expect(try await server.move(101, store: Self.foreign, 7, "stock-in").status == 201)
                let key = try await server.key(.manager, stores: [Self.own])
                func items(_ path: String) async throws -> [JSONValue] {
                    let answer = try await server.get(path, as: nil, headers: [("Authorization", "Bearer \(key)")])
                    #expect(answer.status == 200, "\(path)")
                    return answer["items"]?.elements ?? []
                }
                #expect(try await items("/stores").compactMap { $0["store_id"] } == [JSONValue.integer(1)])
                #expect(try await items("/stock-movements").allSatisfy { $0["store_id"] == 1 })
                #expect(try await items("/audit").allSatisfy { $0["store_id"] == 1 }, "nor of the catalog")
                #expect(
                    try await items("/report?product_id=101").compactMap { $0["stock_in"] } == [JSONValue.integer(20)])
                #expect(try await items("/report?group_by=store").allSatisfy { $0["store_id"] == 1 })
                let csv = try await server.get(
                    "/report", as: nil, headers: [("Authorization", "Bearer \(key)"), ("Accept", "text/csv")])
                #expect(csv.text.contains("101,Product 101,0,20,0,0,0,0,20"))
            }
        }

        @Test("the lines of a batch that name a foreign store are refused, the others are recorded")
        func batch() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let key = try await server.key(.clerk, stores: [Self.own])
                let lines = [Self.own, Self.foreign, Self.missing].map {
                    #"{"store_id": \#($0), "product_id": 101, "quantity": 1, "movement_type": "stock-in"}"#
                }.joined(separator: ",")
                func send(_ atomic: Bool) async throws -> Answer {
                    try await server.post(
                        "/stock-movements/batch", #"{"movements": [\#(lines)], "atomic": \#(atomic)}"#, as: nil,
                        headers: [("Authorization", "Bearer \(key)")])
                }
                let each = try await send(false)
                #expect(each["results"]?.elements.compactMap { $0["status"] } == [201, 404, 404] as [JSONValue])
                #expect(each["results"]?[1] == each["results"]?[2])
                let all = try await send(true)
                #expect(all.status == 404)
                #expect(all["errors"]?.elements.compactMap { $0["index"] } == [1, 2] as [JSONValue])
                #expect(try await server.onHand(101, store: Self.own) == 21)
                #expect(try await server.onHand(101, store: Self.foreign) == 0)
            }
        }

        @Test(
            "the default store of the first versions is not there for who may not see it, cached or not",
            arguments: Role.allCases)
        func defaultStore(role: Role) async throws {
            try await LiveServer.withCache { server in
                try await server.stocked()
                let movement = #"{"product": "Product 101", "type": "IN", "quantity": 1}"#
                for (store, isFound) in [(1, true), (2, false)] {
                    let key = [("Authorization", "Bearer \(try await server.key(role, stores: [store]))")]
                    let level = try await server.get("/stock/Product%20101", as: nil, headers: key)
                    #expect(level.status == (isFound ? 200 : 404))
                    let moved = try await server.post("/stock/move", movement, as: nil, headers: key)
                    #expect(moved.status == (role < .clerk ? 403 : isFound ? 201 : 404))
                }
                #expect(try await server.onHand(101, store: Self.own) == .integer(role < .clerk ? 20 : 21))
            }
        }

        @Test("what concerns all stores takes who is limited to none")
        func allStores() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let key = try await server.key(.admin, stores: [Self.own])
                for route in server.routes where route.reach == .allStores {
                    let path = route.path.replacing("{key_id}", with: "0123456789ab").replacing("{job_id}", with: "1")
                        .replacing("{product_id}", with: "101").replacing("{webhook_id}", with: "0123456789ab")
                    let answer = try await server.send(
                        .init(rawValue: route.method.rawValue), path, route.method == .post ? "{}" : nil, as: nil,
                        headers: [("Authorization", "Bearer \(key)")])
                    #expect(answer.status == 403, "\(route.method) \(route.path)")
                }
            }
        }

        @Test("a manager of some stores does not change the catalog, by whatever route")
        func catalog() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let key = [("Authorization", "Bearer \(try await server.key(.manager, stores: [Self.own]))")]
                let before = try await server.get("/products").text
                for (method, path, body) in [
                    (HTTPMethod.PUT, "/products/101", #"{"name": "Mine"}"#), (.DELETE, "/products/105", nil),
                    (.POST, "/products", #"{"name": "Mine"}"#), (.POST, "/stores", #"{"name": "Mine"}"#),
                    (.POST, "/stock/move", #"{"product": "Mine", "type": "IN", "quantity": 1}"#),
                ] {
                    let answer = try await server.send(method, path, body, as: nil, headers: key)
                    #expect(answer.status == 403, "\(method) \(path)")
                }
                #expect(try await server.get("/products").text == before)
                // Their own store is.
                #expect(
                    try await server.send(.PUT, "/stores/1", #"{"name": "Mine"}"#, as: nil, headers: key).status == 200)
            }
        }

        @Test("a retry repeats nothing of stores that are no longer the caller's, whether or not it is still valid")
        func shrunkScope() async throws {
            var narrow = HTTPLimits()
            narrow.input.quantity = 10
            try await LiveServer.withTwo(limits: narrow) { wide, narrow in
                try await wide.stocked()
                let token = try await wide.key(.clerk, stores: [1, 2])
                func line(_ store: Int, _ quantity: Int, _ type: String) -> String {
                    #"{"store_id": \#(store), "product_id": 101, "quantity": \#(quantity), "movement_type": "\#(type)"}"#
                }
                let bodies = [
                    #"{"movements": [\#(line(1, 11, "IN")), \#(line(2, 11, "IN"))]}"#,
                    #"{"movements": [\#(line(1, 1, "IN")), \#(line(2, 9, "sale"))]}"#,
                    #"{"atomic": true, "movements": [\#(line(1, 11, "IN")), \#(line(2, 11, "IN"))]}"#,
                ]
                func send(_ number: Int, to server: LiveServer) async throws -> Answer {
                    try await server.post(
                        "/stock-movements/batch", bodies[number], as: nil,
                        headers: [("Authorization", "Bearer \(token)"), ("Idempotency-Key", "key-\(number)")])
                }
                for number in bodies.indices {
                    #expect((200...201).contains(try await send(number, to: wide).status))
                    #expect(try await send(number, to: narrow).header("idempotent-replayed") == "true")
                }
                let id = try #require(APIKey(token)?.id)
                try await wide.change {
                    _ = try await $0.changeAPIKey(id, .keyRotated, $1) { key, _ in
                        key.grant = Grant(role: .clerk, scope: .only([StoreID(rawValue: 1)]))
                    }
                }
                for server in [wide, narrow] {
                    for number in bodies.indices {
                        try await eventually("the key is looked up again") {
                            try await send(number, to: server).status == 404
                        }
                    }
                }
            }
        }

        @Test("a cursor is its reader's own")
        func cursors() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let key = try await server.key(.manager, stores: [Self.own])
                for path in ["/stores/1/stock", "/products", "/stock-movements", "/audit/1", "/report"] {
                    let page = try await server.get("\(path)?limit=1")
                    let cursor = try #require(page["next_cursor"]?.string, "\(path)")
                    #expect(try await server.get("\(path)?limit=1&cursor=\(cursor)").status == 200)
                    let other = try await server.get(
                        "\(path)?limit=1&cursor=\(cursor)", as: nil, headers: [("Authorization", "Bearer \(key)")])
                    #expect(other.status == 400, "\(path)")
                    #expect(other.code == "invalid-cursor")
                }
            }
        }

        /// What an answer says, but for what differs from request to request, and for the id that was asked for.
        private static func likeness(_ answer: Answer, _ store: Int) -> [String] {
            var text = answer.text
            if let id = answer["request_id"]?.string { text.replace(id, with: "") }
            let varying: Set = ["date", "x-request-id", "ratelimit"]
            let headers = answer.headers.filter { !varying.contains($0.name.lowercased()) }.map {
                "\($0.name): \($0.value)"
            }
            return [text.replacing("\(store)", with: "{S}")] + headers.sorted()
        }
    }
}

/// A request about a store, `{S}`.
private struct StoreRequest: CustomStringConvertible {
    let method: HTTPMethod
    let path: String
    let role: Role
    var body: String?
    var headers: [(String, String)] = []
    var namesTwoStores = false
    /// Whether a line that is refused leaves the answer 200.
    var isBatch = false

    var description: String { "\(method.rawValue) \(path) \(body ?? "")" }

    func sent(to server: LiveServer, _ store: Int, _ key: String) async throws -> Answer {
        try await server.send(
            method, path.replacing("{S}", with: "\(store)"), body?.replacing("{S}", with: "\(store)"), as: nil,
            headers: headers + [("Authorization", "Bearer \(key)")])
    }

    /// The answer to a store that does not exist.
    func refusal(of role: Role) -> Int { role < self.role ? 403 : isBatch ? 200 : 404 }
}

extension EndToEnd.Scopes {
    private static let movement =
        #"{"store_id": {S}, "product_id": 101, "quantity": 1, "movement_type": "stock-in"}"#

    private static let requests = [
        StoreRequest(method: .GET, path: "/stores/{S}", role: .reader),
        StoreRequest(method: .GET, path: "/api/v1/stores/{S}", role: .reader),
        StoreRequest(method: .PUT, path: "/stores/{S}", role: .manager, body: #"{"name": "Mine"}"#),
        StoreRequest(method: .DELETE, path: "/stores/{S}", role: .manager),
        StoreRequest(method: .GET, path: "/stores/{S}/stock", role: .reader),
        StoreRequest(method: .GET, path: "/stores/{S}/stock?limit=0", role: .reader),
        StoreRequest(method: .GET, path: "/stores/{S}/stock?as_of=2026-01-01T00:00:00Z", role: .reader),
        StoreRequest(method: .GET, path: "/stores/{S}/stock?min_position=5", role: .reader),
        StoreRequest(method: .GET, path: "/inventory/{S}", role: .reader),
        StoreRequest(method: .GET, path: "/stores/{S}/stock/101", role: .reader),
        StoreRequest(
            method: .POST, path: "/stores/{S}/stock", role: .clerk,
            body: #"{"product_id": 101, "quantity": 1, "movement_type": "stock-in"}"#),
        StoreRequest(method: .POST, path: "/stock-movement", role: .clerk, body: movement),
        StoreRequest(method: .POST, path: "/stock-movements", role: .clerk, body: movement),
        StoreRequest(
            method: .POST, path: "/stock-movements", role: .clerk, body: movement,
            headers: [("Idempotency-Key", "same-for-both")]),
        StoreRequest(
            method: .POST, path: "/stock-movements/batch", role: .clerk, body: #"{"movements": [\#(movement)]}"#,
            isBatch: true),
        StoreRequest(
            method: .POST, path: "/stock-movements/batch", role: .clerk,
            body: #"{"movements": [\#(movement)], "atomic": true}"#),
        StoreRequest(
            method: .POST, path: "/stock-transfers", role: .clerk,
            body: #"{"product_id": 101, "from_store_id": {S}, "to_store_id": 1, "quantity": 1}"#, namesTwoStores: true),
        StoreRequest(
            method: .POST, path: "/stock-transfers", role: .clerk,
            body: #"{"product_id": 101, "from_store_id": 1, "to_store_id": {S}, "quantity": 1}"#, namesTwoStores: true),
        StoreRequest(method: .GET, path: "/stock-movements?store_id={S}", role: .reader),
        StoreRequest(method: .GET, path: "/stock-movements?store_id={S}&min_position=1", role: .reader),
        StoreRequest(method: .GET, path: "/report?store_id={S}", role: .reader),
        StoreRequest(
            method: .GET, path: "/report?store_id={S}", role: .reader, headers: [("Accept", "text/csv")]),
        StoreRequest(method: .GET, path: "/stores/{S}/changes", role: .reader),
        StoreRequest(
            method: .GET, path: "/stores/{S}/changes?after=latest", role: .reader),
        StoreRequest(method: .GET, path: "/audit/{S}", role: .manager),
    ]
}
