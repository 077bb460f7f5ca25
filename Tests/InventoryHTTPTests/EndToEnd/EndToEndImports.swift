import Access
import Inventory
import JSON
import LedgerTesting
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    @Suite("Imports")
    struct Imports {
        private static let file = String(repeating: "0123456789abcdef", count: 4)
        private static let part = #"{"file": "\#(file)", "line": 2, "store_id": 1}"#

        private static func batch(_ name: String, store: Int = 1) -> String {
            let lines = [5, 2].map {
                #"{"store_id": \#(store), "product_id": 101, "quantity": \#($0), "movement_type": "stock-in"}"#
            }
            return #"{"movements": [\#(lines.joined(separator: ","))], "atomic": true, "import": \#(name)}"#
        }

        private static func movement(_ name: String) -> String {
            #"{"store_id": 1, "product_id": 101, "quantity": 3, "movement_type": "sale", "import": \#(name)}"#
        }

        private static func transfer(_ name: String) -> String {
            #"{"product_id": 101, "from_store_id": 1, "to_store_id": 2, "quantity": 4, "import": \#(name)}"#
        }

        @Test("are recorded once, whoever asks, and however long ago")
        func once() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let requests = [
                    ("/stock-movements/batch", Self.batch(Self.part)),
                    ("/stock-movements", Self.movement(#"{"external_id": "چ 1"}"#)),
                    ("/stock-transfers", Self.transfer(#"{"file": "\#(Self.file)", "line": 5}"#)),
                ]
                for role in [Role.manager, .admin] {
                    for (path, body) in requests {
                        let answer = try await server.post(path, body, as: role)
                        #expect(answer.status == 201, "\(answer.text)")
                        #expect(answer.header("idempotent-replayed") == (role == .manager ? nil : "true"))
                    }
                    try await server.database.execute(
                        "delete from idempotency where expires_at < now() + interval '30 days'")
                }
                #expect(try await server.onHand(101, store: 1) == .integer(20 + 7 - 3 - 4))
            }
        }

        @Test("take a manager, a name that fits, and no key beside it")
        func refusals() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let row = Self.movement(#"{"external_id": "A1"}"#)
                #expect(try await server.post("/stock-movements", row, as: .clerk).status == 403)
                let keyed = try await server.post("/stock-movements", row, headers: [("Idempotency-Key", "k")])
                #expect(keyed.status == 400 && keyed.code == "invalid-parameter")
                for (name, pointer) in [
                    ("{}", "/import/file"), (#"{"file": "abc", "line": 2}"#, "/import/file"), ("7", "/import"),
                    (#"{"file": "\#(Self.file)"}"#, "/import/line"), (#"{"external_id": ""}"#, "/import/external_id"),
                    (#"{"external_id": "A1", "line": 2}"#, "/import/line"),
                    (#"{"file": "\#(Self.file)", "line": 2, "store_id": 2}"#, "/import/store_id"),
                ] {
                    let refused = try await server.post("/stock-movements", Self.movement(name))
                    #expect(refused.status == 422 && refused.pointers.contains(.text(pointer)), "\(refused.text)")
                }
                let invalid = try await server.post(
                    "/stock-movements/batch",
                    #"{"movements": [{"store_id": 1}], "atomic": false, "import": \#(Self.part)}"#)
                #expect(invalid.status == 422)
                #expect(try await server.onHand(101, store: 1) == 20)
            }
        }

        @Test("are not kept out by who may not import, with the ids that requests of imports have")
        func forged() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let movement = #"{"store_id": 1, "product_id": 101, "quantity": 1, "movement_type": "sale"}"#
                let header = [("X-Request-Id", "import-\(Self.file.prefix(16))-2")]
                let forged = try await server.post("/stock-movements", movement, as: .clerk, headers: header)
                #expect(forged.status == 403 && forged.text.contains("X-Request-Id"))
                // A manager's own, which is another movement than the part's.
                #expect(try await server.post("/stock-movements", movement, headers: header).status == 201)
                #expect(try await server.post("/stock-movements/batch", Self.batch(Self.part)).status == 201)
                #expect(try await server.onHand(101, store: 1) == .integer(20 - 1 + 7))
            }
        }

        @Test("tell nothing of stores that the caller does not have")
        func scopes() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let line = #"{"file": "\#(Self.file)", "line": 5}"#
                for (path, body) in [
                    ("/stock-movements/batch", Self.batch(Self.part)),
                    ("/stock-movements", Self.movement(line)),
                ] {
                    #expect(try await server.post(path, body).status == 201)
                }
                let key = [("Authorization", "Bearer \(try await server.key(.manager, stores: [2]))")]
                let batch = try await server.post(
                    "/stock-movements/batch", Self.batch(Self.part), as: nil, headers: key)
                let movement = try await server.post(
                    "/stock-movements", Self.movement(line).replacing(#""store_id": 1"#, with: #""store_id": 2"#),
                    as: nil, headers: key)
                #expect(batch.status == 404 && movement.status == 404)
                #expect(!batch.text.contains("on_hand") && !movement.text.contains("on_hand"))
            }
        }
    }
}
