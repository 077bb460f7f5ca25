import Inventory
import LedgerTesting
import NIOCore
import NIOPosix
import Postgres
import PostgresLedger
import Redis
import ServerTesting
import ServiceLifecycle
import Synchronization

@testable import StockCache

/// An instance of the service, without its HTTP front.
struct Instance: Sendable {
    let ledger: PostgresLedger
    let cache: CacheConnection
    let documents: DocumentCache
    /// Of documents in Redis.
    let fills: Counter

    /// Runs an instance while `body` uses it.
    /// - Parameters:
    ///   - isMute: It commits, and dies before it can tell the cache.
    ///   - relays: Whether it sees to what others could not tell.
    ///   - parts: Of the cache; `nil` for as many as the Redis calls for.
    static func with(
        _ database: TestDatabase, redis: String, isMute: Bool = false, relays: Bool = true, parts: Int? = nil,
        _ body: @Sendable (Instance) async throws -> Void
    ) async throws {
        let client = try RedisClient(
            try RedisConfiguration(url: redis), eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: TestDatabase.quiet)
        let fills = Counter()
        let cache = CacheConnection(
            client, recentBytes: 1 << 20, parts: parts, onFill: { _ in fills.increment() }, logger: TestDatabase.quiet)
        let ledger = PostgresLedger(
            primary: try ConnectionConfiguration(database.primaryURL, applicationName: "khata-test"),
            replicas: [
                try ConnectionConfiguration(database.replicaURL, applicationName: "khata-test", isReadOnly: true)
            ],
            invalidating: isMute ? Mute() : cache, observer: IgnoringObserver(), logger: TestDatabase.quiet)
        var services: [any Service] = [ledger, HeartbeatMonitor(primary: ledger, cache: cache)]
        if relays { services.append(Relay(outbox: ledger.relay, cache: cache)) }
        let instance = Instance(ledger: ledger, cache: cache, documents: DocumentCache(cache), fills: fills)
        try await closing(client.close) {
            try await running(services) { try await body(instance) }
        }
    }

    /// Waits until documents come from the cache.
    func awaitTrust() async throws {
        try await eventually("the cache is trusted") { cache.isTrusted }
    }

    /// A store's stock, or one level of it.
    /// - Parameter reader: `nil` to store it in any case.
    func read(_ storeID: StoreID, _ productID: ProductID? = nil, for reader: String? = nil) async throws -> (
        document: Document, origin: DocumentOrigin
    ) {
        try await documents.document(.read(storeID, productID), for: reader, atLeast: nil) {
            [ledger] freshness throws(LedgerError) in
            if let productID {
                let level = try await ledger.level(LevelKey(storeID, productID), freshness)
                return Document(level, "\(level.value.onHand)")
            }
            let stock = try await ledger.stock(StockQuery(storeID: storeID), freshness)
            return Document(stock, "\(stock.value.items.map(\.onHand).reduce(0, +))")
        }
    }
}

/// Tells nobody of a commit.
private struct Mute: CacheInvalidating {
    func invalidate(_ invalidations: [Invalidation], in state: CacheState) async -> Bool { false }
}

extension DocumentKey {
    /// Of what instances read.
    static func read(_ storeID: StoreID, _ productID: ProductID? = nil) -> DocumentKey {
        DocumentKey(storeID: storeID, productID: productID, name: productID?.description ?? "stock")
    }
}

extension Document {
    init<Value>(_ snapshot: Snapshot<Value>, _ text: String) {
        self.init(
            stamp: Stamp(
                history: snapshot.history, position: snapshot.position ?? .zero,
                catalogPosition: snapshot.catalogPosition),
            body: ByteBuffer(string: text), source: snapshot.source)
    }

    /// What is on hand, as this document says.
    var onHand: Int64? { Int64(String(buffer: body)) }
}
