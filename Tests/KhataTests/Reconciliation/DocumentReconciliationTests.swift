import AuthenticationTesting
import Foundation
import Inventory
import InventoryTesting
import LedgerTesting
import NIOPosix
import Postgres
import PostgresLedger
import Redis
import ServerTesting
import StockCache
import Testing

@testable import InventoryHTTP
@testable import khata

@Suite("Reconciliation of cached documents", .serialized)
struct DocumentReconciliationTests {
    @Test("tells of a document that does not say what the database does")
    func wrong() async throws {
        try await CachedShop.with { shop in
            try await shop.read("the documents are cached") { $0 == .hit }
            try await shop.database.execute(
                "update stock_levels set on_hand = 999 where store_id = 1 and product_id = 102")
            let log = CollectedLog()
            let reconciler = shop.reconciler(log)
            try await running([reconciler.service]) {
                try await eventually("it is told") {
                    // Documents are not stored for long after the cache was not trusted for a moment.
                    try await shop.read()
                    return reconciler.documentDifferences > 0 && reconciler.differences > 0
                }
                #expect(reconciler.service.health()[0].status == .warn)
                for (found, expected) in [(#""on_hand":5,"#, #""on_hand":999,"#), (#""stock":5"#, #""stock":999"#)] {
                    let line = log.text.split(separator: "\nerror ").first {
                        $0.contains(found) && $0.contains(expected) && $0.contains(#""product": 102"#)
                    }
                    #expect(line?.contains(#""store": 1"#) == true, "\(log.text)")
                }
            }
        }
    }

    @Test("tells of a document that somebody changed in Redis")
    func forged() async throws {
        try await CachedShop.with { shop in
            let log = CollectedLog()
            let reconciler = shop.reconciler(log)
            try await running([reconciler.service]) {
                try await eventually("it is told") {
                    try await shop.read()
                    let keys = try shop.redis.cli("--scan", "--pattern", "*:{0}:1:doc:level*")
                    for key in keys.split(separator: "khata:").map({ "khata:\($0)" }) {
                        _ = try shop.redis.cli("setrange", key.trimmingCharacters(in: .newlines), "70", "9")
                    }
                    return reconciler.documentDifferences > 0
                }
                #expect(log.text.contains("it was changed in Redis"))
                #expect(reconciler.differences == 0)
                try shop.flush()
                try await eventually("it passes") { reconciler.service.health()[0].status == .pass }
            }
        }
    }

    @Test(
        "nothing differs while others sell, transfer and archive, Redis is flushed, replicas stand still, and failovers lose commits"
    )
    func underLoad() async throws {
        try await CachedShop.with { shop in
            let log = CollectedLog()
            let reconciler = shop.reconciler(log)
            try await running([reconciler.service]) {
                let load = Task { await shop.trade() }
                defer { load.cancel() }
                for _ in 0..<2 {
                    for disturb in [shop.flush, shop.pauseReplica, shop.failOver] {
                        let before = (reconciler.comparisons(.same), reconciler.comparisons(.same, of: "document"))
                        try await disturb()
                        try await eventually("ledgers and documents were compared since") {
                            reconciler.comparisons(.same) > before.0 + 4
                                && reconciler.comparisons(.same, of: "document") > before.1 + 12
                        }
                    }
                }
                load.cancel()
                await load.value
            }
            #expect(reconciler.comparisons(.different) == 0)
            #expect(reconciler.comparisons(.different, of: "document") == 0)
            #expect(!log.text.split(separator: "\n").contains { $0.hasPrefix("error ") }, "\(log.text)")
        }
    }
}

/// A ledger with a replica and a cache, as an instance has them, and documents of it.
private struct CachedShop {
    let database: TestDatabase
    let redis: RedisServer
    let ledger: PostgresLedger
    let cache: CacheConnection
    let documents: StockDocuments

    static func with(_ body: @Sendable (CachedShop) async throws -> Void) async throws {
        try await TestDatabase.with { database in
            try await RedisServer.with { redis in
                let client = try RedisClient(
                    try RedisConfiguration(url: redis.url), eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                    logger: TestDatabase.quiet)
                let cache = CacheConnection(client, recentBytes: 1 << 20, logger: TestDatabase.quiet)
                try await ServerTesting.closing(client.close) {
                    try await database.withLedger(replicas: [database.replicaURL], invalidating: cache) { ledger in
                        let shop = CachedShop(
                            database: database, redis: redis, ledger: ledger, cache: cache,
                            documents: StockDocuments(
                                ledger: ledger, source: DocumentCache(cache), reader: nil, observer: NoHTTPObserver()))
                        try await running([
                            Relay(outbox: ledger.relay, cache: cache), HeartbeatMonitor(primary: ledger, cache: cache),
                        ]) {
                            try await shop.open()
                            try await body(shop)
                        }
                    }
                }
            }
        }
    }

    private func open() async throws {
        for id in [StoreID.one, .two] {
            _ = try await ledger.change(.createStore(id, name: "Store \(id)"), .testing)
        }
        for id in [ProductID.sugar, .rice] {
            _ = try await ledger.change(.createProduct(id, ProductDetails(name: "Product \(id)")), .testing)
            for store in [StoreID.one, .two] {
                _ = try await ledger.record(.stockIn(5, LevelKey(store, id)), .testing)
            }
        }
        try await eventually("the cache is trusted") { cache.isTrusted }
    }

    func reconciler(_ log: CollectedLog) -> TestReconciler {
        TestReconciler(ledger, log, DocumentComparison(ledger, cache))
    }

    /// Reads each kind of document.
    @discardableResult
    func read() async throws -> [DocumentOrigin] {
        var origins: [DocumentOrigin] = []
        for store in [StoreID.one, .two] {
            origins.append(try await documents.stock(StockQuery(storeID: store), atLeast: nil).origin)
            for product in [ProductID.sugar, .rice] {
                let level = LevelKey(store, product)
                origins.append(try await documents.level(level, atLeast: nil).origin)
                origins.append(try await documents.levelByName(level, atLeast: nil).origin)
            }
        }
        origins.append(try await documents.products(ProductQuery(), atLeast: nil).origin)
        origins.append(try await documents.stores(StoreQuery(), atLeast: nil).origin)
        return origins
    }

    func read(_ what: String, until isSo: (DocumentOrigin) -> Bool) async throws {
        try await eventually(what) { try await read().allSatisfy(isSo) }
    }

    /// Until it is cancelled. What a failover refuses is not tried again.
    func trade() async {
        await withDiscardingTaskGroup { group in
            for writer in 0..<2 {
                group.addTask {
                    var round = Int64(0)
                    while !Task.isCancelled {
                        round += 1
                        try? await change(round, by: writer)
                        // Ledgers that grow fast take long to compare.
                        try? await Task.sleep(for: .milliseconds(20))
                    }
                }
            }
            group.addTask { while !Task.isCancelled { _ = try? await read() } }
        }
    }

    private func change(_ round: Int64, by writer: Int) async throws {
        _ = try await ledger.record(.stockIn(3), .testing)
        _ = try await ledger.record(.sale(1), .testing)
        let transfer = Transfer(productID: .sugar, from: .one, to: .two, quantity: Quantity(1)!)
        _ = try await ledger.record(transfer, .testing)
        guard round % 5 == 0 else { return }
        let product = ProductID(rawValue: 1_000_000 * Int64(writer + 1) + .random(in: 0..<1_000_000))
        _ = try await ledger.change(.createProduct(product, ProductDetails(name: "Product \(product)")), .testing)
        _ = try await ledger.change(
            .replaceProduct(.rice, ProductDetails(name: "Rice \(product)"), ifVersion: .any), .testing)
        _ = try await ledger.change(.archiveProduct(product, ifVersion: .any), .testing)
    }

    @Sendable func flush() throws { _ = try redis.cli("flushall") }

    @Sendable func pauseReplica() async throws {
        try await TestDatabase.withReplayPaused {
            for _ in 0..<20 { _ = try await read() }
        }
    }

    /// Ends all sessions, and lets the next ones find themselves on another primary, which lacks the last movements.
    @Sendable func failOver() async throws {
        try await database.withPool { pool in
            try await pool.run { session in
                try session.script(Self.allowConnections(false))
                try session.script(Self.endSessions)
                try session.script(Self.loseCommits)
                try session.script(Self.allowConnections(true))
            }
        }
    }

    /// The ledger's sessions are of a role that is no superuser.
    private static func allowConnections(_ isAllowed: Bool) -> String {
        """
        do $$ begin
            execute format('\(isAllowed ? "grant connect on database %I to" : "revoke connect on database %I from") public',
                current_database());
        end $$
        """
    }

    private static let endSessions = """
        do $$ begin
            loop
                perform pg_stat_clear_snapshot();
                perform pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend';
                exit when not found;
            end loop;
        end $$
        """

    /// The last two movements of each store.
    private static let loseCommits = """
        begin;
        set local session_replication_role = replica;
        delete from movements m using stores s where m.store_id = s.store_id and m.position > s.position - 2;
        delete from audit_log a using stores s
        where s.store_id > 0 and a.store_id = s.store_id and a.position > s.position - 2;
        delete from stock_levels;
        insert into stock_levels (store_id, product_id, on_hand, position, recorded_at)
        select distinct on (store_id, product_id) store_id, product_id, on_hand_after, position, recorded_at
        from movements order by store_id, product_id, position desc;
        update stores s set position = a.position, audit_head = a.hash, recorded_at = a.recorded_at
        from audit_log a where s.store_id > 0 and a.store_id = s.store_id and a.position = s.position - 2;
        delete from outbox;
        update histories set origin = 'another/primary/00000001';
        commit
        """
}
