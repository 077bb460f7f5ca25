import Access
import Inventory
import JSON
import LedgerTesting
import NIOHTTP1
import Postgres
import ServerTesting
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    @Suite("Keys")
    struct Keys {
        @Test("a key is made, shown once, used, listed and revoked", arguments: ["", "/api/v1"])
        func lifecycle(prefix: String) async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let made = try await server.post(
                    "\(prefix)/admin/keys",
                    #"{"name": "till 3", "role": "clerk", "stores": [2, 1], "expires_at": "2100-01-01T00:00:00Z", "reads_per_second": 5}"#
                )
                #expect(made.status == 201)
                let key = try #require(made["key"]?.string)
                let id = try #require(made["id"]?.string)
                #expect(APIKey(key)?.id == id)
                #expect(made.header("location") == "/api/v1/admin/keys/\(id)")
                #expect(made.header("cache-control") == "no-store")
                #expect(made["name"] == "till 3")
                #expect(made["role"] == "clerk")
                #expect(made["stores"] == .array([1, 2]))
                #expect(made["expires_at"] == "2100-01-01T00:00:00.000000Z")
                #expect(made["reads_per_second"] == 5)
                #expect(made["writes_per_second"] == .null)

                let headers = [("Authorization", "Bearer \(key)")]
                #expect(try await server.get("/stores/2/stock", as: nil, headers: headers).status == 200)
                #expect(try await server.get("/stores/3/stock", as: nil, headers: headers).status == 404)
                #expect(try await server.get("/admin/keys", as: nil, headers: headers).status == 403)

                let read = try await server.get("\(prefix)/admin/keys/\(id)")
                #expect(read.status == 200)
                #expect(
                    read.json.names == [
                        "id", "name", "role", "stores", "reads_per_second", "writes_per_second", "created_at",
                        "expires_at", "last_used_at", "revoked_at",
                    ])
                #expect(read["revoked_at"] == .null)
                for _ in 0..<2 {
                    let revoked = try await server.send(.DELETE, "\(prefix)/admin/keys/\(id)")
                    #expect(revoked.status == 204)
                    #expect(revoked.text.isEmpty)
                }
                #expect(try await server.get("/admin/keys/\(id)")["revoked_at"]?.string != nil)
                try await eventually {
                    try await server.get("/stores/2/stock", as: nil, headers: headers).status == 401
                }
            }
        }

        @Test("a manager replaces a key by one that may do the same, and both are valid for a while")
        func rotation() async throws {
            try await LiveServer.with { server in
                try await server.stocked()
                let old = try await server.key(.clerk, stores: [2])
                let id = try #require(APIKey(old)?.id)
                let rotated = try await server.post(
                    "/admin/keys/\(id)/rotate", #"{"overlap_hours": 1, "expires_at": "2100-01-01T00:00:00Z"}"#)
                #expect(rotated.status == 201)
                let new = try #require(rotated["key"]?.string)
                #expect(rotated["id"]?.string == APIKey(new)?.id && new != old)
                #expect(rotated.header("location") == "/api/v1/admin/keys/\(APIKey(new)?.id ?? "")")
                #expect(rotated["name"] == "limited" && rotated["role"] == "clerk" && rotated["stores"] == .array([2]))
                #expect(rotated["expires_at"] == "2100-01-01T00:00:00.000000Z")
                for key in [old, new] {
                    let headers = [("Authorization", "Bearer \(key)")]
                    #expect(try await server.get("/stores/2/stock", as: nil, headers: headers).status == 200)
                    #expect(try await server.get("/stores/1/stock", as: nil, headers: headers).status == 404)
                }
                let end = try #require(try await server.get("/admin/keys/\(id)")["expires_at"]?.string)
                let left = try #require(Timestamp(end)).microseconds - Timestamp.now.microseconds
                #expect((3_300_000_000...3_600_000_000).contains(left))

                #expect(try await server.post("/admin/keys/\(id)/rotate", #"{"overlap_hours": 0}"#).status == 201)
                #expect(try await server.post("/admin/keys/\(id)/rotate", "{}").status == 404, "it has expired")
                let invalid = try await server.post(
                    "/admin/keys/\(id)/rotate", #"{"overlap_hours": 8761, "expires_at": "2020-01-01T00:00:00Z"}"#)
                #expect(invalid.status == 422 && invalid.pointers == ["/overlap_hours", "/expires_at"])
            }
        }

        @Test("of four rotations of a key at once, one is done, and the others are conflicts")
        func concurrentRotations() async throws {
            try await LiveServer.with { server in
                let id = try #require(APIKey(server.token(.reader))?.id)
                let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                    // Holds the log of keys and users.
                    try await server.database.withPool { holder in
                        try await holder.run { try $0.script("select pg_advisory_lock(\(0x75_73_65_72_73))") }
                        for _ in 0..<4 { group.addTask { try await server.post("/admin/keys/\(id)/rotate", "{}") } }
                        try await eventually("all have read the key") {
                            try await server.database.integers(
                                """
                                select count(*) from pg_locks l join pg_database d on d.oid = l.database
                                where d.datname = current_database() and l.locktype = 'advisory' and not l.granted
                                """) == [4]
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(answers.map(\.status).sorted() == [201, 409, 409, 409])
                #expect(answers.allSatisfy { $0.status == 201 || $0.code == "key-changed" })
                #expect(try await server.get("/admin/keys")["items"]?.elements.count == 5)
            }
        }

        @Test("keys are listed page by page, without what would let anyone in")
        func list() async throws {
            try await LiveServer.with { server in
                for number in 1...3 {
                    let body = #"{"name": "key \#(number)", "role": "reader", "stores": null}"#
                    #expect(try await server.post("/admin/keys", body).status == 201)
                }
                var names: [JSONValue] = []
                var path = "/admin/keys?limit=2"
                var pages = 0
                while true {
                    let page = try await server.get(path)
                    #expect(page.status == 200)
                    #expect(!page.text.contains("khata_") && !page.text.contains("hash"))
                    names += page["items"]?.elements.compactMap { $0["name"] } ?? []
                    pages += 1
                    guard let cursor = page["next_cursor"]?.string else { break }
                    path = "/admin/keys?limit=2&cursor=\(cursor)"
                }
                #expect(pages == 4)
                #expect(names == ["reader", "clerk", "manager", "admin", "key 1", "key 2", "key 3"])
                #expect(try await server.get("/admin/keys?cursor=x").code == "invalid-cursor")
                #expect(try await server.get("/admin/keys?role=admin").code == "invalid-parameter")
            }
        }

        @Test("a key that cannot be is refused for all that is wrong with it")
        func invalid() async throws {
            try await LiveServer.with { server in
                let corpus: [(String, [JSONValue])] = [
                    ("{}", ["/name", "/role"]), (#"{"name": "", "role": "owner"}"#, ["/name", "/role"]),
                    (#"{"name": "a\u0000", "role": "reader"}"#, ["/name"]),
                    (#"{"name": "a", "role": "reader", "expires_at": "2020-01-01T00:00:00Z"}"#, ["/expires_at"]),
                    (#"{"name": "a", "role": "reader", "expires_at": "tomorrow"}"#, ["/expires_at"]),
                    (#"{"name": "a", "role": "reader", "stores": []}"#, ["/stores"]),
                    (#"{"name": "a", "role": "reader", "stores": 1}"#, ["/stores"]),
                    (#"{"name": "a", "role": "reader", "stores": ["1"]}"#, ["/stores"]),
                    (#"{"name": "a", "role": "reader", "stores": [0]}"#, ["/stores"]),
                    (#"{"name": "a", "role": "reader", "stores": [1, 1]}"#, ["/stores"]),
                    (
                        #"{"name": "a", "role": "reader", "stores": \#(Array(1...1_001))}"#, ["/stores"]
                    ),
                    (
                        #"{"name": "a", "role": "reader", "reads_per_second": 0, "writes_per_second": 1000001}"#,
                        ["/reads_per_second", "/writes_per_second"]
                    ),
                    (#"{"name": "a", "role": "reader", "key": "khata_"}"#, ["/key"]),
                ]
                for (body, pointers) in corpus {
                    let answer = try await server.post("/admin/keys", body)
                    #expect(answer.status == 422, "\(body.prefix(80))")
                    #expect(answer.pointers == pointers)
                }
                #expect(try await server.get("/admin/keys")["items"]?.elements.count == 4)
                for path in ["/admin/keys/000000000000", "/admin/keys/x", "/admin/keys/00000000000A", "/admin"] {
                    for method in [HTTPMethod.GET, .DELETE] {
                        let answer = try await server.send(method, path)
                        #expect(answer.status == 404)
                        #expect(answer.code == "not-found")
                    }
                }
            }
        }

        @Test("an admin who is limited to stores makes no keys, lest they make one that is not")
        func limitedAdmin() async throws {
            try await LiveServer.with { server in
                let made = try await server.post("/admin/keys", #"{"name": "a", "role": "admin", "stores": [1]}"#)
                let headers = [("Authorization", "Bearer \(made["key"]?.string ?? "")")]
                let body = #"{"name": "b", "role": "admin"}"#
                #expect(try await server.post("/admin/keys", body, as: nil, headers: headers).status == 403)
                #expect(try await server.get("/admin/keys", as: nil, headers: headers).status == 403)
                #expect(
                    try await server.send(.DELETE, "/admin/keys/000000000000", as: nil, headers: headers).status == 403)
                #expect(try await server.get("/audit", as: nil, headers: headers).status == 200)
            }
        }
    }
}
