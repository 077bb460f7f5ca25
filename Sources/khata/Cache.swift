import Inventory
import InventoryHTTP
import Logging
import NIOCore
import NIOPosix
import PostgresLedger
import Redis
import ServiceLifecycle
import StockCache
import Synchronization
import UnixSignals

extension Settings {
    /// A client of the Redis that is configured, if one is.
    func redisClient(on servers: Servers, _ logger: Logger) throws(SettingsError) -> RedisClient? {
        guard let redisURL = servers.redisURL else { return nil }
        do {
            var configuration = try redis(redisURL)
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

    func redis(_ url: String) throws(SettingsError) -> RedisConfiguration {
        do {
            return try RedisConfiguration(url: url)
        } catch {
            throw SettingsError("redis.url is not the address of a Redis: \(error)")
        }
    }

    func warmer(_ ledger: PostgresLedger, _ documents: DocumentCache) -> CacheWarmer {
        CacheWarmer(ledger: ledger, documents: documents, limits: limits, concurrency: warmConcurrency)
    }
}

/// Runs the ledger and its cache while `body` uses them, as an instance that serves does. SIGINT and SIGTERM cancel `body`.
///
/// The relay runs too: where an instance serves, it finds that one elected and only watches its heart; where none does,
/// nobody else would make the cache be trusted.
func withCache<T: Sendable>(
    _ settings: Settings, _ body: @escaping @Sendable (PostgresLedger, CacheConnection) async throws -> T
) async throws -> T {
    var logger = settings.logger()
    // That the cache is connected and trusted is news of an instance that serves, not of a command.
    logger.logLevel = max(logger.logLevel, .warning)
    guard case .servers(let servers) = settings.storage else {
        throw SettingsError("sqlite.file is set: a ledger in a file has no cache, and needs none")
    }
    guard let redis = try settings.redisClient(on: servers, logger) else {
        throw SettingsError("no cache is configured: set KHATA_REDIS_URL, or redis.url in the configuration file")
    }
    let cache = CacheConnection(redis, recentBytes: settings.recentDocumentBytes, logger: logger)
    let ledger = try settings.ledger(on: servers, logger, delivery: cache)
    let work = Work {
        try await Schema(ledger.primary).check()
        try await cache.requireTrust()
        return try await body(ledger, cache)
    }
    let services = ServiceGroup(
        configuration: .init(
            services: [
                .init(service: ledger),
                .init(service: Relay(feed: ledger.outboxFeed, cache: cache)),
                .init(service: HeartWatch(primary: ledger, cache: cache)),
                .init(service: work, successTerminationBehavior: .gracefullyShutdownGroup),
            ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    try await services.run()
    await redis.close()
    return try work.value()
}

/// The service among others that ends by itself, and they with it.
private final class Work<T: Sendable>: Service {
    private let body: @Sendable () async throws -> T
    private let result = Mutex<Result<T, any Error>?>(nil)

    init(_ body: @escaping @Sendable () async throws -> T) {
        self.body = body
    }

    func run() async {
        let result: Result<T, any Error>
        do {
            result = .success(try await cancelWhenGracefulShutdown(body))
        } catch {
            result = .failure(error)
        }
        self.result.withLock { $0 = result }
    }

    func value() throws -> T {
        guard let result = result.withLock({ $0 }) else { throw CancellationError() }
        return try result.get()
    }
}

extension CacheConnection {
    /// Waits until the relay's heart has been heard long enough: a second or less, if all is well.
    /// - Throws: `Failure`, which says what is not.
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
