import Inventory
import InventoryHTTP
import Logging
import NIOCore
import NIOPosix
import PostgresLedger
import Redis
import ServiceLifecycle
import StockCache

extension Settings {
    /// A client of the configured Redis, if any.
    /// - Parameter onRoundTrip: As ``RedisConfiguration/onRoundTrip``.
    func redisClient(
        on servers: Servers, _ logger: Logger,
        onRoundTrip: (@Sendable (RedisRoundTrip) -> Void)? = nil
    ) throws(SettingsError) -> RedisClient? {
        guard let redisURL = servers.redisURL else { return nil }
        do {
            var configuration = try Self.redis(redisURL)
            configuration.onRoundTrip = onRoundTrip
            // One for each event loop, so that no request changes threads for a command.
            configuration.connections = NIOSingletons.groupLoopCountSuggestion
            return try RedisClient(
                configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
        } catch let error as SettingsError {
            throw error
        } catch {
            throw SettingsError("redis.url cannot be used: \(error)")
        }
    }

    func warmer(_ ledger: PostgresLedger, _ documents: DocumentCache) -> CacheWarmer {
        CacheWarmer(ledger: ledger, documents: documents, limits: limits, concurrency: warmConcurrency)
    }
}

/// Runs the ledger and its cache while `body` uses them, like a serving instance. SIGINT and SIGTERM cancel `body`.
///
/// The relay runs too: if an instance serves, that one is elected and this one only watches its heartbeat; if none
/// does, the cache would not be trusted without it.
func withCache<T: Sendable>(
    _ settings: Settings, _ body: @escaping @Sendable (PostgresLedger, CacheConnection) async throws -> T
) async throws -> T {
    let logger = settings.connectionLogger()
    guard case .servers(let servers) = try settings.storage else {
        throw SettingsError("sqlite.file is set: a ledger in a file has no cache, and needs none")
    }
    guard let redis = try settings.redisClient(on: servers, logger) else {
        throw SettingsError("no cache is configured: set KHATA_REDIS_URL, or redis.url in the configuration file")
    }
    let cache = CacheConnection(redis, recentBytes: settings.recentDocumentBytes, logger: logger)
    let ledger = try settings.ledger(on: servers, logger, invalidating: cache)
    let services: [any Service] = [
        ledger, Relay(outbox: ledger.relay, cache: cache), HeartbeatMonitor(primary: ledger, cache: cache),
    ]
    return try await closing(redis.close) {
        try await interruptible(services, logger) {
            try await Schema(ledger.primary).check()
            try await cache.requireTrust()
            return try await body(ledger, cache)
        }
    }
}

extension CacheConnection {
    /// Waits until the relay's heartbeat makes the cache trusted: usually a second or less.
    /// - Throws: `Failure`, with the reasons if it is not.
    fileprivate func requireTrust() async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while !isTrusted {
            guard ContinuousClock.now < deadline else {
                let reasons = await health().compactMap(\.output).joined(separator: "; ")
                throw Failure(
                    "the cache cannot be used: \(reasons). Is redis.url that of the instances that serve, "
                        + "and the primary up?")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
