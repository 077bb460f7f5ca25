import Inventory
import InventoryTesting
import LedgerTesting
import PostgresLedger
import ServerTesting
import Testing

/// Lends two instances over one database and one Redis, with stores 1 and 2, sugar and rice.
/// - Parameters:
///   - firstIsMute: It commits, and dies before it can tell the cache.
///   - relays: Whether they see to what others could not tell.
///   - parts: Of the cache.
///   - arguments: Of `redis-server`.
func withInstances(
    firstIsMute: Bool = false, relays: Bool = true, parts: Int? = nil, redis arguments: [String] = [],
    _ body: @Sendable (Instance, Instance, RedisServer) async throws -> Void
) async throws {
    try await TestDatabase.with { database in
        try await RedisServer.with(arguments) { redis in
            try await Instance.with(
                database, redis: redis.url, isMute: firstIsMute, relays: relays, parts: parts
            ) { one in
                for id in [StoreID.one, .two] {
                    _ = try await one.ledger.change(.createStore(id, name: "Store"), .testing)
                }
                for id in [ProductID.sugar, .rice] {
                    _ = try await one.ledger.change(.createProduct(id, ProductDetails(name: "P")), .testing)
                }
                try await Instance.with(database, redis: redis.url, relays: relays, parts: parts) { two in
                    for instance in [one, two] where relays { try await instance.awaitTrust() }
                    // A replica that does not know the database yet is passed over, and nothing could go wrong with it.
                    try await eventually("the replica has it") {
                        try await one.ledger.stock(StockQuery(storeID: .two), Freshness()).source == .replica
                    }
                    try await body(one, two, redis)
                }
            }
        }
    }
}
