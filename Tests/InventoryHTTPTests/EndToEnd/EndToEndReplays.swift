import Inventory
import LedgerTesting
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    /// Limits may be lowered, and programs replaced, between a request and its retry.
    @Suite("Retries after a change of what is valid")
    struct Replays {
        private static let narrow: HTTPLimits = {
            var limits = HTTPLimits()
            (limits.input.quantity, limits.input.nameCharacters, limits.input.noteCharacters) = (10, 5, 5)
            return limits
        }()

        private static let invalidNow = [
            ("/stock-movements", #"{"store_id": 1, "product_id": 101, "quantity": 11, "movement_type": "IN"}"#),
            ("/stores/1/stock", #"{"product_id": 101, "quantity": 1, "movement_type": "IN", "note": "123456"}"#),
            ("/stock-transfers", #"{"product_id": 102, "from_store_id": 1, "to_store_id": 2, "quantity": 11}"#),
            ("/stock/move", #"{"product": "Product 103", "type": "IN", "quantity": 1}"#),
            ("/products", #"{"name": "Coffee"}"#), ("/stores", #"{"name": "Anarkali"}"#),
            ("/stock-movements/batch", batch(11, 1, 11)), ("/stock-movements/batch", batch(11, 0, 12)),
            ("/stock-movements/batch", batch(0, 11)), ("/stock-movements/batch", batch(11, atomic: true)),
        ]

        private static func batch(_ quantities: Int..., atomic: Bool = false) -> String {
            let lines = quantities.map {
                #"{"store_id": 1, "product_id": 104, "quantity": \#($0), "movement_type": "IN"}"#
            }
            return #"{"atomic": \#(atomic), "movements": [\#(lines.joined(separator: ","))]}"#
        }

        @Test("a request that was recorded is answered the same, whatever the limits are by then")
        func lowered() async throws {
            try await LiveServer.withTwo(limits: Self.narrow) { wide, narrow in
                try await wide.stocked()
                for (number, (path, body)) in Self.invalidNow.enumerated() {
                    let key = [("Idempotency-Key", "key-\(number)")]
                    let first = try await wide.post(path, body, headers: key)
                    #expect((200...201).contains(first.status), "\(first.text)")
                    for server in [narrow, wide] {
                        let again = try await server.post(path, body, headers: key)
                        #expect(again.status == first.status && again.text == first.text, "\(again.text)")
                        #expect(again.header("idempotent-replayed") == "true")
                        #expect(again.header("inventory-position") == first.header("inventory-position"))
                        #expect(again.header("location") == first.header("location"))
                    }
                    let other = try await narrow.post(path, body + " ", headers: key)
                    #expect(other.code == "idempotency-key-reused")
                    let new = try await narrow.post(path, body, headers: [("Idempotency-Key", "new-\(number)")])
                    #expect(new.status == 422 || new["results"]?.elements.contains { $0["status"] == 422 } == true)
                }
                try await wide.expectSound()
            }
        }

        @Test("a line that was invalid the first time is told to be so, also when it is valid by then")
        func raised() async throws {
            try await LiveServer.withTwo(limits: Self.narrow) { wide, narrow in
                try await wide.stocked()
                for body in [Self.batch(1, 11), Self.batch(11, 1, 0, 11, 2)] {
                    let key = [("Idempotency-Key", "\(body.utf8.count)")]
                    let first = try await narrow.post("/stock-movements/batch", body, headers: key)
                    #expect(first.status == 200)
                    let again = try await wide.post("/stock-movements/batch", body, headers: key)
                    #expect(again.text == first.text && again.header("idempotent-replayed") == "true")
                }
                #expect(try await wide.onHand(104, store: 1) == 24)
            }
        }

        @Test("a batch whose record keeps no invalid lines is answered if it can be said which these were")
        func beforeVersions() async throws {
            try await LiveServer.withTwo(limits: Self.narrow) { wide, narrow in
                try await wide.stocked()
                let body = Self.batch(1, 0, 11)
                let key = [("Idempotency-Key", "old")]
                let first = try await wide.post("/stock-movements/batch", body, headers: key)
                // As programs before versions wrote it.
                try await wide.database.execute(
                    #"""
                    update idempotency set outcome = '{"batch":{"_0":{"lines":'
                        || ((outcome::json) -> 'batch' -> '_0' -> 'lines')::text || '}}}'
                    where key = 'old'
                    """#)
                for server in [wide, narrow] {
                    let again = try await server.post("/stock-movements/batch", body, headers: key)
                    #expect(again.text == first.text && again.header("idempotent-replayed") == "true")
                }
                try await wide.database.execute(
                    #"update idempotency set outcome = '{"batch":{"_0":{"lines":[]}}}' where key = 'old'"#)
                #expect(try await wide.post("/stock-movements/batch", body, headers: key).code == "internal")
                #expect(try await wide.onHand(104, store: 1) == 32)
            }
        }

        @Test("a batch that recorded nothing is tried anew, whatever was recorded beside it")
        func refusedBatch() async throws {
            try await LiveServer.with { server in
                try await server.stocked(0)
                let sale = #"{"store_id": 1, "product_id": 101, "quantity": 3, "movement_type": "sale"}"#
                let body = #"{"movements": [\#(sale), {}]}"#
                let key = [("Idempotency-Key", "k")]
                let refused = try await server.post("/stock-movements/batch", body, headers: key)
                #expect(refused["results"]?.elements.map { $0["status"] } == [409, 422])
                #expect(try await server.move(101, store: 1, 5, "IN").status == 201)
                let recorded = try await server.post("/stock-movements/batch", body, headers: key)
                #expect(recorded["results"]?.elements.map { $0["status"] } == [201, 422])
                #expect(recorded.header("idempotent-replayed") == nil)
                let again = try await server.post("/stock-movements/batch", body, headers: key)
                #expect(again.text == recorded.text && again.header("idempotent-replayed") == "true")
            }
        }
    }
}
