import Inventory
import InventoryTesting
import LedgerTesting
import PostgresLedger
import Redis
import ServerTesting
import Testing

@testable import StockCache

/// Two instances whose cache is in a Redis Cluster, whose masters fail and whose slots move.
@Suite("The cache in a cluster", .serialized)
struct ClusterTests {
    private static let stores = (1...6).map { StoreID(rawValue: $0) }

    private func withInstances(
        isReplicated: Bool = true, _ body: @Sendable (Instance, Instance, RedisCluster) async throws -> Void
    ) async throws {
        try await TestDatabase.with { database in
            try await RedisCluster.with(isReplicated: isReplicated) { cluster in
                try await Instance.with(database, redis: cluster.url) { one in
                    for id in Self.stores { _ = try await one.ledger.change(.createStore(id, name: "S"), .testing) }
                    for id in [ProductID.sugar, .rice] {
                        _ = try await one.ledger.change(.createProduct(id, ProductDetails(name: "P")), .testing)
                    }
                    try await Instance.with(database, redis: cluster.url) { two in
                        for instance in [one, two] { try await instance.awaitTrust() }
                        try await body(one, two, cluster)
                    }
                }
            }
        }
    }

    private static var checker: Checker {
        var checker = Checker()
        checker.stores = Self.stores
        return checker
    }

    private func slot(ofPart part: Int, in cluster: RedisCluster) throws -> Int {
        let witness = try #require(try cluster.masters.first)
        return try #require(Int(try witness.cli("CLUSTER", "KEYSLOT", "{\(part)}").filter(\.isNumber)))
    }

    private func master(of slot: Int, in cluster: RedisCluster) throws -> RedisServer {
        try #require(try cluster.masters.lazy.compactMap { try? cluster.master(of: slot, seenBy: $0) }.first)
    }

    /// Waits until the part has another namespace, and all parts are trusted.
    private func awaitNewName(ofPart part: Int, _ instances: [Instance], insteadOf old: Substring?) async throws {
        try await eventually("the part is switched on anew") {
            let name = try await instances[0].ledger.cacheState().namespaces?.parts[part]
            return name != nil && name != old
        }
        for instance in instances { try await instance.awaitTrust() }
    }

    @Test("a cache of 64 parts: no stale read, and hits for all stores")
    func coherent() async throws {
        try await withInstances(isReplicated: false) { one, two, _ in
            #expect(one.cache.parts.count == 64)
            try await Self.checker.run(writers: [one], readers: [two]) {
                try await Task.sleep(for: .milliseconds(100))
            }
            try await eventually("all are hits") {
                var hits = 0
                for store in Self.stores {
                    _ = try await two.read(store)
                    if try await two.read(store).origin == .hit { hits += 1 }
                }
                return hits == Self.stores.count
            }
        }
    }

    @Test("masters are killed, their replicas promoted, there and back: no stale read, and no error")
    func failover() async throws {
        try await withInstances { one, two, cluster in
            let part = CacheNamespaces.part(of: .one, among: one.cache.parts.count)
            let slot = try slot(ofPart: part, in: cluster)
            try await Self.checker.run(writers: [one], readers: [two]) {
                let before = try await one.ledger.cacheState().namespaces?.parts[part]
                let killed = try master(of: slot, in: cluster)
                killed.kill()
                try await awaitNewName(ofPart: part, [one, two], insteadOf: before)
                try killed.start()
                try await eventually("every master has a replica") { try cluster.replicas.count == 3 }
            }
        }
    }

    @Test("when a master fails, the parts of the others stay as they are")
    func otherParts() async throws {
        try await withInstances { one, two, cluster in
            // On a machine that is starved, others may miss their heartbeats.
            try await eventually("only its parts are cold") {
                let before = try #require(try await one.ledger.cacheState().namespaces?.parts)
                let identities = one.cache.parts.map { $0.reachableDocuments?.identity }
                let part = CacheNamespaces.part(of: .one, among: identities.count)
                let killed = try master(of: try slot(ofPart: part, in: cluster), in: cluster)
                killed.kill()
                try await awaitNewName(ofPart: part, [one, two], insteadOf: before[part])
                let after = try #require(try await one.ledger.cacheState().namespaces?.parts)
                try killed.start()
                try await eventually("every master has a replica") { try cluster.replicas.count == 3 }
                return identities.indices.allSatisfy {
                    (identities[$0] != identities[part]) == (before[$0] == after[$0])
                }
            }
        }
    }

    @Test("a slot with a part of the cache is moved, there and back: no stale read, and no error")
    func movedSlot() async throws {
        try await withInstances(isReplicated: false) { one, two, cluster in
            let part = CacheNamespaces.part(of: .one, among: one.cache.parts.count)
            let slot = try slot(ofPart: part, in: cluster)
            try await Self.checker.run(writers: [one], readers: [two]) {
                let before = try await one.ledger.cacheState().namespaces?.parts[part]
                let source = try master(of: slot, in: cluster)
                let target = try #require(cluster.servers.first { $0.port != source.port })
                try cluster.startMoving(slot, from: source, to: target)
                try await Task.sleep(for: .milliseconds(300))
                while case let keys = try source.cli("CLUSTER", "GETKEYSINSLOT", "\(slot)", "1").split(separator: "\n"),
                    let key = keys.first
                {
                    try source.cli("MIGRATE", "127.0.0.1", "\(target.port)", String(key), "0", "1000", "REPLACE")
                }
                try cluster.finishMoving(slot, from: source, to: target)
                try await awaitNewName(ofPart: part, [one, two], insteadOf: before)
            }
        }
    }

    @Test("a slot that is moved there and back at once: no stale read, and no error")
    func movedSlotAtOnce() async throws {
        try await withInstances(isReplicated: false) { one, two, cluster in
            let slot = try slot(
                ofPart: CacheNamespaces.part(of: .one, among: one.cache.parts.count), in: cluster)
            let source = try master(of: slot, in: cluster)
            let target = try #require(cluster.servers.first { $0.port != source.port })
            try await Self.checker.run(writers: [one], readers: [two]) {
                // Without its keys: they stay where they were, and are there when it comes back.
                for (from, to) in [(source, target), (target, source)] {
                    try cluster.finishMoving(slot, from: from, to: to)
                    try await Task.sleep(for: .milliseconds(50))
                }
                try await Task.sleep(for: .milliseconds(.random(in: 0...1_000)))
            }
        }
    }
}
