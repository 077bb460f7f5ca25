import Inventory
import InventoryTesting
import LedgerTesting
import PostgresLedger
import Redis
import ServerTesting
import Testing

@testable import StockCache

/// A cache of several parts, here all in one Redis.
@Suite("Parts of the cache", .serialized)
struct PartsTests {
    private static let stores = [StoreID.one, .two]

    /// So many that the two stores are in different ones.
    private static let parts = 4

    @Test("what an instance records is seen at once through another, in all parts")
    func coherent() async throws {
        #expect(Set(Self.stores.map { CacheNamespaces.part(of: $0, among: Self.parts) }).count == 2)
        try await withInstances(parts: Self.parts) { one, two, _ in
            var checker = Checker()
            checker.stores = Self.stores
            try await checker.run(writers: [one], readers: [two]) {
                try await Task.sleep(for: .milliseconds(100))
            }
            try await eventually("a hit") { try await two.read(.two).origin == .hit }
        }
    }

    @Test("the relay tells all parts of what a writer could not: of transfers between them, and of the catalog")
    func severalParts() async throws {
        try await withInstances(firstIsMute: true, parts: Self.parts) { mute, other, _ in
            for _ in 0..<10 {
                _ = try await mute.ledger.record(.stockIn(5), .testing)
                try await eventually("both are cached") {
                    for store in Self.stores { _ = try await other.read(store) }
                    let again = (try await other.read(.one).origin, try await other.read(.two).origin)
                    return again == (.hit, .hit)
                }
                let transfer = try await mute.ledger.record(
                    Transfer(productID: .sugar, from: .one, to: .two, quantity: Quantity(1)!), .testing
                ).value
                for side in [transfer.out, transfer.in] {
                    #expect(try await other.read(side.storeID).document.stamp.position >= side.position)
                }
                let changed = try await mute.ledger.change(
                    .replaceProduct(.sugar, ProductDetails(name: "Sugar"), ifVersion: .any), .testing
                ).value
                guard case .product(let product) = changed else { return }
                for store in Self.stores {
                    #expect(try await other.read(store).document.stamp.catalogPosition >= product.position)
                }
            }
        }
    }

    @Test("a part that fails is switched off by itself, and on with a new name; no read is stale meanwhile")
    func onePart() async throws {
        try await withInstances(parts: Self.parts) { one, two, redis in
            let failing = CacheNamespaces.part(of: .one, among: Self.parts)
            let before = try #require(try await one.ledger.cacheState().namespaces?.parts)
            let others = (0..<Self.parts).filter { $0 != failing }
            var checker = Checker()
            checker.stores = Self.stores
            checker.reads /= 4
            try await checker.run(writers: [one], readers: [two]) {
                try await redis.allow(parts: others)
                try await eventually("the part is off") {
                    let now = try await one.ledger.cacheState().namespaces?.parts
                    return now?[failing] == nil && others.allSatisfy { now?[$0] == before[$0] }
                }
                try await eventually("the other is trusted") { try await two.read(.two).origin == .hit }
                try await redis.allow(parts: 0..<Self.parts)
                for instance in [one, two] { try await instance.awaitTrust() }
            }
            let after = try #require(try await one.ledger.cacheState().namespaces?.parts)
            #expect(after[failing] != before[failing] && others.allSatisfy { after[$0] == before[$0] })
        }
    }

    @Test("a commit that concerns several parts is owed to all of them, until the last one is told or nobody trusts it")
    func owedToAll() async throws {
        try await withInstances(firstIsMute: true, parts: Self.parts) { mute, other, redis in
            let failing = CacheNamespaces.part(of: .two, among: Self.parts)
            try await eventually("the part fails, and is not off yet") {
                let before = try await mute.ledger.cacheState()
                try await redis.allow(parts: (0..<Self.parts).filter { $0 != failing })
                let start = ContinuousClock.now
                _ = try await mute.ledger.change(
                    .replaceProduct(.sugar, ProductDetails(name: "Sugar"), ifVersion: .any), .testing)
                let duration = ContinuousClock.now - start
                let after = try await mute.ledger.cacheState()
                try await redis.allow(parts: 0..<Self.parts)
                for instance in [mute, other] { try await instance.awaitTrust() }
                guard before == after else { return false }
                #expect(duration >= .milliseconds(450))
                return true
            }
        }
    }

    @Test("instances that divide the cache differently do not use each other's")
    func otherDivision() async throws {
        try await TestDatabase.with { database in
            try await RedisServer.with { redis in
                try await Instance.with(database, redis: redis.url, parts: Self.parts) { one in
                    _ = try await one.ledger.change(.createStore(.one, name: "Store"), .testing)
                    _ = try await one.ledger.change(.createProduct(.sugar, ProductDetails(name: "P")), .testing)
                    try await one.awaitTrust()
                    try await Instance.with(database, redis: redis.url, relays: false, parts: 2) { other in
                        for _ in 0..<5 {
                            _ = try await one.read(.one)
                            let recorded = try await other.ledger.record(.stockIn(1), .testing).value
                            #expect(try await one.read(.one).document.onHand == recorded.onHand)
                            let own = try await one.ledger.record(.stockIn(1), .testing).value
                            let read = try await other.read(.one)
                            #expect(read.origin == .bypass && read.document.onHand == own.onHand)
                        }
                    }
                }
            }
        }
    }
}

extension RedisServer {
    /// Refuses commands on the other parts' keys.
    fileprivate func allow(parts: some Sequence<Int>) async throws {
        let patterns = parts.map { RedisArgument.string("~*{\($0)}*") }
        try await command("ACL", ["SETUSER", "default", "resetkeys"] + patterns)
    }
}
