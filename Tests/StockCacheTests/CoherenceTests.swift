import Foundation
import Inventory
import InventoryTesting
import LedgerTesting
import NIOCore
import Postgres
import PostgresLedger
import Redis
import ServerTesting
import Synchronization
import Testing

@testable import StockCache

/// Writes through some instances and reads through others, while things go wrong: no read that starts after an
/// acknowledgement may be older.
@Suite("Coherence", .serialized)
struct CoherenceTests {
    // A machine that is starved lets trust run out, and then there are no hits: these wait for one, but no read is stale.

    @Test("a hit follows a miss, and an acknowledged movement is seen at once through the other instance")
    func hits() async throws {
        try await withInstances { writer, reader, _ in
            try await eventually("a hit") {
                let recorded = try await writer.ledger.record(.stockIn(1), .testing).value
                let first = try await reader.read(.one)
                #expect(first.document.stamp.position == recorded.position && first.origin != .hit)
                let second = try await reader.read(.one)
                #expect(second.document.onHand == recorded.onHand)
                let own = try await writer.read(.one)
                return second.origin == .hit && own.origin == .hit
            }
        }
    }

    @Test("a level stays cached while other products move, and not when its own does")
    func levels() async throws {
        try await withInstances { writer, reader, _ in
            try await eventually("a hit") {
                let recorded = try await writer.ledger.record(.stockIn(1), .testing).value
                #expect(try await reader.read(.one, .sugar).document.onHand == recorded.onHand)
                let other = try await writer.ledger.record(.stockIn(1, .riceInOne), .testing).value
                let read = try await reader.read(.one, .sugar)
                return read.origin == .hit && read.document.stamp.position < other.position
            }
        }
    }

    @Test("a change of the catalog is seen in what was cached before")
    func catalog() async throws {
        try await withInstances { writer, reader, _ in
            try await eventually("a hit") {
                _ = try await reader.read(.one)
                let wasHit = try await reader.read(.one).origin == .hit
                let changed = try await writer.ledger.change(
                    .replaceProduct(.sugar, ProductDetails(name: "Sugar 2kg"), ifVersion: .any), .testing
                ).value
                guard case .product(let product) = changed else { return false }
                #expect(try await reader.read(.one).document.stamp.catalogPosition >= product.position)
                return wasHit
            }
        }
    }

    @Test("an answer that is repeated is told of like the first one, whose instance died before it could")
    func replay() async throws {
        // Without a relay's help in time: the answer itself must bring the news.
        try await withInstances(firstIsMute: true) { mute, other, _ in
            for round in 1...20 {
                _ = try await other.read(.one)
                let context = CommandContext(
                    actor: "key:test", requestID: "test",
                    idempotency: IdempotencyKey(principal: "key:test", key: "\(round)", fingerprint: [1]))
                _ = try await mute.ledger.record(.stockIn(1), context)
                let repeated = try await other.ledger.record(.stockIn(1), context)
                #expect(repeated.isReplay)
                let read = try await other.read(.one)
                #expect(read.document.stamp.position >= repeated.value.position)
            }
        }
    }

    @Test("nothing goes wrong: no stale read")
    func nothing() async throws {
        try await withInstances { one, two, _ in
            try await Checker().run(writers: [one, two], readers: [one, two]) {}
        }
    }

    @Test("Redis is flushed again and again: no stale read")
    func flushed() async throws {
        try await withInstances { one, two, redis in
            try await Checker().run(writers: [one], readers: [two]) {
                try await redis.command("FLUSHALL")
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    @Test("Redis evicts what it likes: no stale read")
    func evicting() async throws {
        try await withInstances { one, two, redis in
            try await Checker().run(writers: [one], readers: [two]) {
                if let key = try await redis.command("RANDOMKEY")?.string, !key.hasSuffix(":beat") {
                    try await redis.command("DEL", .string(key))
                }
            }
        }
    }

    @Test("the replica stands still: no stale read")
    func replicaPaused() async throws {
        try await withInstances { one, two, _ in
            try await TestDatabase.withReplayPaused {
                try await Checker().run(writers: [one], readers: [two]) {}
            }
        }
    }

    @Test("the replica falls five seconds behind and catches up: no stale read")
    func replicaLags() async throws {
        try await withInstances { one, two, _ in
            try await Checker().run(writers: [one], readers: [two]) {
                try await TestDatabase.withReplayPaused { try await Task.sleep(for: .seconds(5)) }
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    @Test("Redis has too little memory and evicts by itself: no stale read")
    func outOfMemory() async throws {
        // Of one sample the least recently used is any: marks and documents go, though they are used all the time.
        let arguments = ["--maxmemory", "4mb", "--maxmemory-policy", "allkeys-lru", "--maxmemory-samples", "1"]
        try await withInstances(redis: arguments) { one, two, redis in
            let ballast = ByteBuffer(repeating: 0, count: 20_000)
            let claims = try await redis.claims()
            try await Checker().run(writers: [one], readers: [two]) {
                for _ in 0..<50 {
                    let key = "ballast:\(UInt64.random(in: 0 ... .max))"
                    _ = try? await one.cache.client.send(RedisCommand("SET", .string(key), .bytes(ballast)))
                }
            }
            // Marks went, and were found out anew.
            #expect(try await redis.claims() > claims)
        }
    }

    @Test("processes die while others wait for what they fill or find out: no stale read")
    func abandoned() async throws {
        var checker = Checker()
        // Who waits in vain waits 50 ms.
        checker.reads /= 10
        try await withInstances { [checker] one, two, redis in
            try await checker.run(writers: [one], readers: [two]) {
                guard let documents = one.cache.parts[0].reachableDocuments else { return }
                _ = try? await documents.lease(.read(.one), nonce: "dead")
                _ = try? await documents.lease(.read(.one, .sugar), nonce: "dead")
                try await Task.sleep(for: .milliseconds(100))
                if let mark = try await redis.command("KEYS", "*:{0}:1:mark")?.array?.first?.string {
                    try await redis.command("DEL", .string(mark))
                    _ = try? await documents.claim(.one, nonce: "dead")
                }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    @Test("Redis is stopped, killed and started again: no stale read, and no error")
    func redisFails() async throws {
        try await withInstances { one, two, redis in
            try await Checker().run(writers: [one], readers: [two]) {
                redis.stop()
                try await Task.sleep(for: .milliseconds(300))
                redis.resume()
                try await Task.sleep(for: .milliseconds(300))
                redis.kill()
                try await Task.sleep(for: .milliseconds(100))
                try await redis.startAnswering()
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    @Test("a writer cannot tell the cache: what it answers for is seen all the same, by every read")
    func mute() async throws {
        try await withInstances(firstIsMute: true) { one, two, _ in
            try await Checker().run(writers: [one], readers: [two]) {}
        }
    }

    @Test("the databases of one Redis are a cache each")
    func databasesOfRedis() async throws {
        try await TestDatabase.with { database in
            try await RedisServer.with { redis in
                try await Instance.with(database, redis: redis.url) { one in
                    _ = try await one.ledger.change(.createStore(.one, name: "Store"), .testing)
                    _ = try await one.ledger.change(.createProduct(.sugar, ProductDetails(name: "P")), .testing)
                    try await one.awaitTrust()
                    try await Instance.with(database, redis: redis.url + "/1") { other in
                        for _ in 0..<3 {
                            _ = try await one.read(.one)
                            let recorded = try await other.ledger.record(.stockIn(1), .testing).value
                            #expect(try await one.read(.one).document.onHand == recorded.onHand)
                        }
                    }
                }
            }
        }
    }

    @Test("each cache that is switched on has a new name, though the primary's data are those of another day")
    func filesPutBack() async throws {
        try await withInstances { one, two, _ in
            let before = try await one.ledger.cacheState()
            // As it was before a cache was ever switched on.
            _ = try await one.ledger.primary.run { session in
                try session.script("update cache_state set generation = 0, namespace = null, server_started = null")
            }
            try await eventually("the cache is on") { try await one.ledger.cacheState().namespaces?.text != nil }
            let after = try await one.ledger.cacheState()
            #expect(after.generation == before.generation && after.namespaces != before.namespaces)
            for instance in [one, two] {
                try await eventually("every instance goes along") {
                    instance.cache.parts[0].trustedDocuments?.namespace == after.namespaces?.text
                }
            }
        }
    }

    @Test("without a relay nobody trusts the cache, and the primary answers")
    func noRelay() async throws {
        try await withInstances(firstIsMute: true, relays: false) { one, two, _ in
            try await Checker().run(writers: [one], readers: [two]) {}
            #expect(try await two.read(.one).origin == .bypass)
        }
    }
}
