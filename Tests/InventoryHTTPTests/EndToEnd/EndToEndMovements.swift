import Access
import Inventory
import JSON
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    @Suite("Movements, transfers and batches")
    struct Movements {
        @Test("a movement is recorded on every path that the contract gives it")
        func paths() async throws {
            try await LiveServer.with { server in
                try await server.stocked(24)
                let body = #"{"store_id": 1, "product_id": 101, "quantity": 3, "movement_type": "sale"}"#
                let paths = ["/stock-movement", "/stock-movements/", "/stores/1/stock", "/stores/1/stock/"]
                for (number, path) in (paths + paths.map { "/api/v1\($0)" }).enumerated() {
                    let answer = try await server.post(path, body, as: .clerk)
                    #expect(answer.status == 201)
                    #expect(
                        answer.json.names == [
                            "store_id", "position", "product_id", "movement_type", "quantity", "on_hand",
                            "recorded_at",
                        ])
                    #expect(answer["position"] == .integer(Int64(6 + number)))
                    #expect(answer["on_hand"] == .integer(Int64(21 - 3 * number)))
                    #expect(answer["movement_type"] == "sale")
                    #expect(answer.header("inventory-position") == "\(6 + number)")
                    #expect(answer.header("content-type") == "application/json")
                    #expect(answer.header("content-length") == "\(answer.text.utf8.count)")
                    #expect(answer.header("cache-control") == "no-store")
                }
                #expect(try await server.onHand(101, store: 1) == 0)
            }
        }

        @Test("stock never goes below zero, and a refusal says what there is")
        func insufficient() async throws {
            try await LiveServer.with { server in
                try await server.stocked(5)
                let answer = try await server.move(101, store: 1, 6, "SALE")
                #expect(answer.status == 409)
                #expect(answer.header("content-type") == "application/problem+json")
                #expect(answer.code == "insufficient-stock")
                #expect(answer["on_hand"] == 5)
                #expect(answer["requested"] == 6)
                #expect(answer["type"] == "/problems/insufficient-stock")
                #expect(try await server.onHand(101, store: 1) == 5)
            }
        }

        @Test("an expectation that does not hold is told the level")
        func stockChanged() async throws {
            try await LiveServer.with { server in
                try await server.stocked(5)
                let answer = try await server.post(
                    "/stores/1/stock",
                    #"{"product_id": 101, "quantity": 1, "movement_type": "sale", "expected_on_hand": 4}"#)
                #expect(answer.status == 409)
                #expect(answer.code == "stock-changed")
                #expect(answer["on_hand"] == 5)
            }
        }

        @Test("an unknown store is not found, an unknown product is an invalid body")
        func unknown() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                #expect(try await server.move(101, store: 9, 1, "IN").status == 404)
                let body = #"{"product_id": 101, "quantity": 1, "movement_type": "IN"}"#
                #expect(try await server.post("/stores/9/stock", body).code == "not-found")
                let answer = try await server.move(999, store: 1, 1, "IN")
                #expect(answer.status == 422)
                #expect(answer.code == "unknown-product")
            }
        }

        @Test("a transfer moves stock between two stores, or not at all")
        func transfer() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let body = #"{"product_id": 103, "from_store_id": 1, "to_store_id": 2, "quantity": 10}"#
                let answer = try await server.post("/stock-transfers", body, as: .clerk)
                #expect(answer.status == 201)
                #expect(
                    answer.json.names == ["transfer_id", "product_id", "quantity", "recorded_at", "from", "to"])
                #expect(answer["from"]?["on_hand"] == 10)
                #expect(answer["to"]?["store_id"] == 2)
                #expect(answer["to"]?["on_hand"] == 10)
                #expect(answer.header("inventory-position") == nil)

                let tooMuch = body.replacing(#""quantity": 10"#, with: #""quantity": 11"#)
                #expect(try await server.post("/stock-transfers", tooMuch).code == "insufficient-stock")
                let same = body.replacing(#""to_store_id": 2"#, with: #""to_store_id": 1"#)
                let refused = try await server.post("/stock-transfers", same)
                #expect(refused.code == "invalid-body")
                #expect(refused.pointers == ["/to_store_id"])
                #expect(try await server.onHand(103, store: 1) == 10)
                #expect(try await server.onHand(103, store: 2) == 10)
            }
        }

        @Test("a batch records each line by itself, and says of each what became of it")
        func batch() async throws {
            try await LiveServer.with { server in
                try await server.stocked(5)
                let answer = try await server.post(
                    "/stock-movements/batch",
                    """
                    {"movements": [
                        {"store_id": 1, "product_id": 101, "quantity": 3, "movement_type": "sale"},
                        {"store_id": 1, "product_id": 101, "quantity": 0, "movement_type": "sale"},
                        {"store_id": 1, "product_id": 101, "quantity": 3, "movement_type": "sale"},
                        {"store_id": 9, "product_id": 101, "quantity": 3, "movement_type": "sale"},
                        7,
                        {"store_id": 2, "product_id": 102, "quantity": 3, "movement_type": "IN"},
                        {"store_id": 2, "product_id": 999, "quantity": 3, "movement_type": "IN"}]}
                    """, as: .clerk)
                #expect(answer.status == 200)
                let results = answer["results"]?.elements ?? []
                #expect(results.map { $0["status"] } == [201, 422, 409, 404, 422, 201, 422])
                #expect(results[0]["on_hand"] == 2)
                #expect(results[1]["code"] == "invalid-body")
                #expect(results[1]["errors"]?[0]?["pointer"] == "/movements/1/quantity")
                #expect(results[2]["on_hand"] == 2)
                #expect(results[2]["requested"] == 3)
                #expect(results[5]["store_id"] == 2)
                #expect(results[6]["errors"]?[0]?["pointer"] == "/movements/6/product_id")
                #expect(try await server.onHand(101, store: 1) == 2)
            }
        }

        @Test("a batch of which no line is valid records nothing")
        func invalidBatch() async throws {
            try await LiveServer.with { server in
                let answer = try await server.post("/stock-movements/batch", #"{"movements": [{}, {}]}"#)
                #expect(answer.status == 200)
                #expect(answer["results"]?.elements.map { $0["status"] } == [422, 422])
            }
        }

        @Test("an atomic batch is recorded whole or not at all")
        func atomicBatch() async throws {
            try await LiveServer.with { server in
                try await server.stocked(5)
                func batch(_ quantities: String...) -> String {
                    let lines = quantities.map {
                        #"{"store_id": 1, "product_id": 101, "quantity": \#($0), "movement_type": "sale"}"#
                    }
                    return #"{"movements": [\#(lines.joined(separator: ","))], "atomic": true}"#
                }
                let refused = try await server.post("/stock-movements/batch", batch("3", "3", "4"))
                #expect(refused.status == 409)
                #expect(refused.code == "insufficient-stock")
                #expect(refused["errors"]?.elements.map { $0["index"] } == [1, 2])
                let invalid = try await server.post("/stock-movements/batch", batch("3", "0"))
                #expect(invalid.status == 422)
                #expect(invalid.pointers == ["/movements/1/quantity"])
                #expect(try await server.onHand(101, store: 1) == 5)

                let recorded = try await server.post("/stock-movements/batch", batch("3", "2"))
                #expect(recorded.status == 201)
                #expect(recorded["results"]?.elements.map { $0["on_hand"] } == [2, 0])
            }
        }

        @Test("the same request with the same key is done once, and answered the same")
        func replay() async throws {
            try await LiveServer.with { server in
                try await server.stocked(5)
                let requests = [
                    (
                        "/stock-movements",
                        #"{"store_id": 1, "product_id": 101, "quantity": 1, "movement_type": "sale"}"#
                    ),
                    ("/stock-transfers", #"{"product_id": 102, "from_store_id": 1, "to_store_id": 2, "quantity": 1}"#),
                    (
                        "/stock-movements/batch",
                        #"{"movements": [{"store_id": 1, "product_id": 103, "quantity": 1, "movement_type": "sale"}, {}]}"#
                    ),
                    (
                        "/stock-movements/batch",
                        #"{"atomic": true, "movements": [{"store_id": 1, "product_id": 104, "quantity": 1, "movement_type": "sale"}]}"#
                    ),
                    ("/products", #"{"name": "Tea"}"#), ("/stores", #"{"name": "Anarkali"}"#),
                ]
                for (number, (path, body)) in requests.enumerated() {
                    let first = try await server.post(path, body, headers: [("Idempotency-Key", "key-\(number)")])
                    #expect((200...201).contains(first.status), "\(first.text)")
                    #expect(first.header("idempotent-replayed") == nil)
                    // With and without the prefix, the slash and the quotes, it is the same request.
                    let second = try await server.post(
                        "/api/v1\(path)/", body, headers: [("Idempotency-Key", "\"key-\(number)\"")])
                    #expect(second.status == first.status)
                    #expect(second.text == first.text)
                    #expect(second.header("idempotent-replayed") == "true")
                    #expect(second.header("location") == first.header("location"))
                    let other = try await server.post(
                        path, body + " ", headers: [("Idempotency-Key", "key-\(number)")])
                    #expect(other.status == 422)
                    #expect(other.code == "idempotency-key-reused")
                }
                for product in 101...104 { #expect(try await server.onHand(product, store: 1) == 4) }
            }
        }

        @Test("an Idempotency-Key belongs to the principal that sent it, and must be readable")
        func keyScope() async throws {
            try await LiveServer.with { server in
                try await server.stocked(5)
                let body = #"{"store_id": 1, "product_id": 101, "quantity": 1, "movement_type": "sale"}"#
                for role in [.clerk, .manager] as [Role] {
                    let answer = try await server.post(
                        "/stock-movements", body, as: role, headers: [("Idempotency-Key", "mine")])
                    #expect(answer.status == 201)
                    #expect(answer.header("idempotent-replayed") == nil)
                }
                for key in ["", "a b", String(repeating: "x", count: 256)] {
                    let answer = try await server.post("/stock-movements", body, headers: [("Idempotency-Key", key)])
                    #expect(answer.status == 400)
                    #expect(answer.code == "invalid-parameter")
                }
                #expect(try await server.onHand(101, store: 1) == 3)
            }
        }
    }
}
