import Access
import Inventory
import JSON
import LedgerTesting
import Postgres
import ServerTesting
import Synchronization
import Testing

@testable import InventoryHTTP

extension EndToEnd {
    @Suite("Warming the cache")
    struct Warming {
        /// Stores 1 and 2 and products 101 to 105, of which store 1 has some; pages of two.
        private func withServer(_ body: @Sendable (LiveServer) async throws -> Void) async throws {
            var limits = HTTPLimits()
            limits.page = 2
            try await LiveServer.withCache(limits: limits) { server in
                try await server.stocked()
                try await body(server)
            }
        }

        @Test("what is warmed is what clients find in the cache, to the last page")
        func everyPage() async throws {
            try await withServer { server in
                let job = try await server.warm("{}")
                // One page of stores, three of products, three of the first store and an empty one of the second.
                #expect(job["documents"] == 8 && job["filled"] != 0)
                #expect(
                    job.json.names == [
                        "id", "status", "stores_total", "stores_done", "documents", "filled", "failed",
                        "started_at", "finished_at",
                    ])
                #expect(job["status"] == "done" && job["failed"] == 0)
                #expect(job["stores_total"] == 2 && job["stores_done"] == 2)
                #expect(job["finished_at"]?.string != nil)
                for path in ["/stores", "/products", "/stores/1/stock", "/inventory/1", "/api/v1/stores/2/stock"] {
                    var cursor = ""
                    repeat {
                        let page = try await server.trusted(path + cursor)
                        #expect(page.header("cache-status") == "khata-redis; hit", "\(path)\(cursor)")
                        cursor = page["next_cursor"]?.string.map { "?cursor=\($0)" } ?? ""
                    } while !cursor.isEmpty
                }
            }
        }

        @Test("what is in the cache already is not read again")
        func resumed() async throws {
            try await withServer { server in
                #expect(try await server.warm("{}")["documents"] == 8)
                let again = try await server.warm("{}")
                #expect(again["documents"] == 8 && again["filled"] == 0)
                _ = try await server.move(101, store: 1, 1, "sale")
                _ = try await server.warm(#"{"stores": [1, 1]}"#)
                let read = try await server.trusted("/stores/1/stock")
                #expect(read.header("cache-status") == "khata-redis; hit")
                #expect(read["items"]?[0]?["on_hand"] == 19)
            }
        }

        @Test("who asks twice is led to the same job, and who asks for more is told to wait")
        func twice() async throws {
            try await withServer { server in
                try await server.withStockLocked {
                    let first = try await server.post("/admin/cache/warm", #"{"stores": [1, 2]}"#)
                    #expect(first.status == 202 && first["status"] == "running" && first["finished_at"] == .null)
                    let location = try #require(first.header("location"))
                    #expect(location == "/api/v1/admin/cache/warm/\(first["id"]?.string ?? "")")
                    let second = try await server.post("/admin/cache/warm", #"{"stores": [2]}"#)
                    #expect(second.status == 202 && second.header("location") == location)
                    for more in [#"{"stores": [2, 3]}"#, "{}"] {
                        let refused = try await server.post("/admin/cache/warm", more)
                        #expect(refused.status == 409 && refused.code == "already-exists")
                        #expect(refused.header("location") == location)
                    }
                }
                #expect(try await server.warm("{}")["status"] == "done")
            }
        }

        @Test("a store that is not there is counted, and the others are warmed")
        func unknownStore() async throws {
            try await withServer { server in
                let job = try await server.warm(#"{"stores": [9, 1]}"#)
                #expect(job["status"] == "done" && job["failed"] == 1 && job["documents"] == 7)
            }
        }

        @Test("a job that nobody knows, bodies that are wrong, and callers who may not")
        func refusals() async throws {
            try await withServer { server in
                #expect(try await server.get("/admin/cache/warm/none").code == "not-found")
                for body in [#"{"stores": []}"#, #"{"stores": [0]}"#, #"{"stores": 1}"#, #"{"store": [1]}"#] {
                    let answer = try await server.post("/admin/cache/warm", body)
                    #expect(answer.status == 422 && answer.pointers.count == 1, "\(body)")
                }
                #expect(try await server.post("/admin/cache/warm", "{}", as: .manager).status == 403)
                #expect(try await server.get("/admin/cache/warm/none", as: .manager).status == 403)
            }
            try await LiveServer.with { server in
                let uncached = try await server.post("/admin/cache/warm", "{}")
                #expect(uncached.code == "not-found")
            }
        }
    }
}

extension LiveServer {
    /// Warms the cache, and waits until that is over.
    fileprivate func warm(_ body: String) async throws -> Answer {
        // Of a job before, that runs still, it would be told 409.
        var accepted = try await post("/admin/cache/warm", body)
        try await eventually {
            if accepted.status != 202 { accepted = try await post("/admin/cache/warm", body) }
            return accepted.status == 202
        }
        let location = try #require(accepted.header("location"))
        var job = accepted
        try await eventually {
            job = try await get(location)
            return job["status"] != "running"
        }
        return job
    }

    /// What is read while the cache is trusted; a starved machine lets that run out, and then nothing is stored.
    fileprivate func trusted(_ path: String) async throws -> Answer {
        var answer = try await get(path, as: .reader)
        try await eventually {
            if answer.header("cache-status")?.contains("bypass") == true { answer = try await get(path, as: .reader) }
            return answer.header("cache-status")?.contains("bypass") == false
        }
        return answer
    }

    /// Nobody can read levels or products from the database while `body` runs.
    fileprivate func withStockLocked(_ body: () async throws -> Void) async throws {
        let isHeld = Held()
        try await database.withPool { pool in
            async let holding: Void = pool.run { session in
                try session.script("begin; lock table stock_levels, products")
                isHeld.locked.store(true, ordering: .relaxed)
                while isHeld.value.load(ordering: .relaxed) { try session.script("select pg_sleep(0.01)") }
                try session.script("rollback")
            }
            try await eventually("the lock is held") { isHeld.locked.load(ordering: .relaxed) }
            let result: Result<Void, any Error>
            do {
                result = .success(try await body())
            } catch {
                result = .failure(error)
            }
            isHeld.value.store(false, ordering: .relaxed)
            try await holding
            try result.get()
        }
    }
}

private final class Held: Sendable {
    let value = Atomic(true)
    let locked = Atomic(false)
}
