import Access
import Inventory
import InventoryHTTP
import NIOHTTP1
import RateLimiting
import Testing

extension EndToEnd {
    @Suite("Rates")
    struct Rates {
        @Test("who sends more than the policy allows is told so, and others are not held up")
        func exceeded() async throws {
            var rates = RatePolicies()
            rates.reads = RatePolicy(permitsPerSecond: 1, burst: 3)
            rates.roles[.admin] = .init(reads: RatePolicy(permitsPerSecond: 500))
            try await LiveServer.with(rates: rates) { server in
                let first = try await server.get("/stores", as: .reader)
                #expect(first.status == 200)
                #expect(first.header("RateLimit-Policy") == #""reads";q=1;w=1"#)
                #expect(first.header("RateLimit") == #""reads";r=1;t=0"#)
                var refused = first
                for _ in 0..<20 where refused.status == 200 { refused = try await server.get("/stores", as: .reader) }
                #expect(refused.status == 429)
                #expect(refused.code == "quota-exceeded")
                #expect(refused["violated-policies"]?[0] == "reads")
                #expect(refused.header("RateLimit")?.hasPrefix(#""reads";r=0;t="#) == true)
                #expect(try #require(refused.header("Retry-After").flatMap { Int($0) }) >= 1)
                let other = try await server.get("/stores", as: .admin)
                #expect(other.status == 200)
                #expect(other.header("RateLimit-Policy") == #""reads";q=500;w=1"#)
                let write = try await server.post("/stores", "{}", as: .reader)
                #expect(
                    write.header("RateLimit-Policy") == #""writes";q=1000;w=1"#, "reads and writes are counted apart")
            }
        }

        @Test("a batch costs its lines")
        func batch() async throws {
            var rates = RatePolicies()
            rates.writes = RatePolicy(permitsPerSecond: 1, burst: 50)
            rates.roles[.admin] = .init(writes: RatePolicy(permitsPerSecond: 1_000))
            try await LiveServer.with(rates: rates) { server in
                try await server.stocked()
                let line = #"{"store_id": 1, "product_id": 101, "quantity": 1, "movement_type": "stock-in"}"#
                let lines = Array(repeating: line, count: 100).joined(separator: ",")
                let batch = try await server.post(
                    "/stock-movements/batch", #"{"movements": [\#(lines)]}"#, as: .clerk)
                #expect(batch.status == 200)
                #expect(try await server.onHand(101, store: 1) == 120)
                let next = try await server.post("/stock-movements", line, as: .clerk)
                #expect(next.status == 429)
                #expect(next["violated-policies"]?[0] == "writes")
            }
        }

        @Test("who is not known pays with their address; who is known goes on")
        func address() async throws {
            var rates = RatePolicies()
            rates.address = RatePolicy(permitsPerSecond: 1, burst: 5)
            try await LiveServer.with(rates: rates) { server in
                for role in Role.allCases { #expect(try await server.get("/stores", as: role).status == 200) }
                var statuses: [Int] = []
                for _ in 0..<20 {
                    let headers = [("Authorization", "Bearer \(APIKey.generate().token)")]
                    statuses.append(try await server.get("/stores", as: nil, headers: headers).status)
                }
                #expect(
                    statuses.prefix(5) == [401, 401, 401, 401, 401], "keys that are valid cost their address nothing")
                #expect(statuses.last == 429)
                #expect(try await server.get("/nowhere", as: nil).status == 429)
                #expect(try await server.get("/stores").status == 200)
                let probe = try await server.send(.GET, "/readyz", as: nil, opsPort: true)
                #expect(probe.status == 200)
            }
        }

        @Test("who changes from one network of a /48 to the next runs out of them")
        func site() throws {
            var policies = RatePolicies()
            policies.address = RatePolicy(permitsPerSecond: 1, burst: 2)
            let limiter = RateLimiter(policies: policies, source: nil)
            func isAdmitted(_ site: UInt8, _ network: Int) -> Bool {
                let bytes = [0x20, 1, 0xD, 0xB8, 0, site, UInt8(network / 256), UInt8(network % 256)]
                return ClientAddress(bytes: bytes + [0, 0, 0, 0, 0, 0, 0, 1]).map(limiter.admit)?.isAdmitted == true
            }
            #expect((32...40).contains((0..<1_000).count { isAdmitted(1, $0) }))
            #expect(isAdmitted(2, 0))
        }

        @Test("only a trusted proxy says for whom it speaks", arguments: [true, false])
        func proxies(isTrusted: Bool) async throws {
            var rates = RatePolicies()
            rates.address = RatePolicy(permitsPerSecond: 1, burst: 2)
            let loopback = try #require(AddressRange(text: "127.0.0.0/8"))
            let proxies = TrustedProxies(isTrusted ? [loopback] : [])
            try await LiveServer.with(rates: rates, proxies: proxies) { server in
                var statuses: Set<Int> = []
                for client in 1...20 {
                    // What the client itself claims stands to the left.
                    // Some proxies add the client's port.
                    let addresses = [
                        "198.51.100.\(client)", "198.51.100.\(client):50123", "[2001:db8:\(client)::1]:50123",
                    ]
                    let headers = [("X-Forwarded-For", "203.0.113.9, \(addresses[client % 3])")]
                    statuses.insert(try await server.get("/stores", as: nil, headers: headers).status)
                }
                #expect(statuses == (isTrusted ? [401] : [401, 429]))
            }
        }
    }
}
