import Access
import Inventory
import JSON
import LedgerTesting
import NIOHTTP1
import PostgresLedger
import ServerTesting
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    @Suite("Webhooks")
    struct Webhooks {
        private static let body =
            #"{"url": "https://example.com/hook", "stores": [2], "types": ["khata.stock.moved.v1"]}"#

        @Test(
            "a webhook is created, shown, rotated, disabled, enabled, replayed and deleted", arguments: ["", "/api/v1"])
        func lifecycle(prefix: String) async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let made = try await server.post("\(prefix)/admin/webhooks", Self.body)
                #expect(made.status == 201, "\(made.text)")
                let id = try #require(made["id"]?.string)
                let secret = try #require(made["secret"]?.string)
                #expect(WebhookSecret(secret) != nil)
                #expect(made.header("location") == "/api/v1/admin/webhooks/\(id)")
                #expect(made.header("cache-control") == "no-store")
                #expect(made["url"] == "https://example.com/hook" && made["stores"] == .array([2]))
                #expect(made["types"] == .array(["khata.stock.moved.v1"]))

                let path = "\(prefix)/admin/webhooks/\(id)"
                let shown = try await server.get(path)
                #expect(
                    shown.json.names == [
                        "id", "url", "stores", "types", "created_at", "disabled_at", "disabled_reason", "deliveries",
                    ])
                guard case .array(let deliveries)? = shown["deliveries"] else { throw NoDeliveries() }
                #expect(deliveries.count == 1)
                let list = try await server.get("\(prefix)/admin/webhooks")
                #expect(list.status == 200 && list["next_cursor"] == .null)

                let rotated = try await server.post("\(path)/rotate", #"{"overlap_hours": 1}"#)
                #expect(rotated.status == 200)
                let new = try #require(rotated["secret"]?.string)
                #expect(WebhookSecret(new) != nil && new != secret)
                for response in [shown, list, try await server.get(path)] {
                    #expect(!response.text.contains("whsec_") && !response.text.contains("secret"))
                }
                #expect(try await server.post("\(path)/disable", "")["disabled_at"]?.string != nil)
                #expect(try await server.post("\(path)/enable", "")["disabled_at"] == .null)
                let replayed = try await server.post("\(path)/replay", #"{"store_id": 2, "position": 0}"#)
                #expect(replayed.status == 202, "\(replayed.text)")
                let beyond = try await server.post("\(path)/replay", #"{"store_id": 2, "position": 99}"#)
                #expect(beyond.status == 422)
                let foreign = try await server.post("\(path)/replay", #"{"store_id": 1, "position": 0}"#)
                #expect(foreign.status == 404)

                #expect(try await server.send(.DELETE, path).status == 204)
                #expect(try await server.send(.DELETE, path).status == 404)
                #expect(try await server.get(path).status == 404)
                for action in ["test", "enable", "disable"] {
                    #expect(try await server.post("\(path)/\(action)", "").status == 404)
                }
                let log = try await server.database.withLedger { ledger in
                    try await ledger.credentialLog(after: .zero, limit: 100).entries
                }
                let entries = log.filter { $0.subject == "webhook:\(id)" }
                #expect(
                    entries.map(\.action) == [
                        .webhookCreated, .webhookRotated, .webhookDisabled, .webhookEnabled, .webhookReplayed,
                        .webhookDeleted,
                    ])
                #expect(entries.allSatisfy { $0.actor.hasPrefix("key:") && !$0.detail.contains("whsec_") })
            }
        }

        private static let invalid = [
            #"{}"#, #"{"url": 7}"#, #"{"url": "http://example.com"}"#, #"{"url": "https://127.0.0.1/"}"#,
            #"{"url": "https://[::1]/"}"#, #"{"url": "https://10.0.0.1/"}"#, #"{"url": "https://me:pw@example.com"}"#,
            #"{"url": "https://example.com/#a"}"#, #"{"url": "file:///etc/passwd"}"#,
            #"{"url": "https://example.com", "types": []}"#, #"{"url": "https://example.com", "types": ["x"]}"#,
            #"{"url": "https://example.com", "types": ["khata.stock.moved.v1", "khata.stock.moved.v1"]}"#,
            #"{"url": "https://example.com", "stores": []}"#, #"{"url": "https://example.com", "secret": "x"}"#,
        ]

        @Test("what a webhook cannot be is refused")
        func refusals() async throws {
            try await LiveServer.with { server in
                for body in Self.invalid {
                    let response = try await server.post("/admin/webhooks", body)
                    #expect(response.status == 422 && response["code"] == "invalid-body", "\(body) \(response.text)")
                }
                let missing = try await server.post(
                    "/admin/webhooks", #"{"url": "https://example.com", "stores": [999]}"#)
                #expect(missing.status == 404)
                #expect(try await server.get("/admin/webhooks")["items"] == .array([]))
            }
        }

        @Test("only an admin of all stores manages webhooks")
        func roles() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let id = try #require(try await server.post("/admin/webhooks", Self.body)["id"]?.string)
                let limited = try await server.key(.admin, stores: [2])
                let requests: [(HTTPMethod, String, String?)] =
                    [
                        (.GET, "/admin/webhooks", nil), (.POST, "/admin/webhooks", Self.body),
                        (.GET, "/admin/webhooks/\(id)", nil), (.DELETE, "/admin/webhooks/\(id)", nil),
                    ]
                    + ["test", "rotate", "replay", "disable", "enable"].map {
                        (.POST, "/admin/webhooks/\(id)/\($0)", "{}")
                    }
                for (method, path, json) in requests {
                    for role in [Role.reader, .clerk, .manager] {
                        #expect(try await server.send(method, path, json, as: role).status == 403, "\(path) \(role)")
                    }
                    let response = try await server.send(
                        method, path, json, as: nil, headers: [("Authorization", "Bearer \(limited)")])
                    #expect(response.status == 403, "\(path)")
                }
            }
        }

        @Test("a test tells why an address was not connected to")
        func blocked() async throws {
            try await LiveServer.with { server in
                let made = try await server.post("/admin/webhooks", #"{"url": "https://localhost:\#(server.port)/"}"#)
                let id = try #require(made["id"]?.string)
                let test = try await server.post("/admin/webhooks/\(id)/test", "")
                #expect(test.status == 200 && test["delivered"] == .flag(false) && test["status"] == .null)
                #expect(test["failure"]?.string?.contains("no address that is public") == true)
            }
        }

        private struct NoDeliveries: Error {}
    }
}
