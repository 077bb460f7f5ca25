import Access
import ArgumentParser
import Configuration
import Inventory
import InventoryHTTP
import Logging
import Postgres
import PostgresLedger
import Redis
import ServiceLifecycle
import StockCache
import UnixSignals

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serves the API, until it is told to stop.")

    @OptionGroup var options: SettingsOptions

    @Option(help: "The API's port.")
    var port: Int?

    @Option(help: "The port of the health endpoints for operators.")
    var opsPort: Int?

    @Option(help: "The address to listen on.")
    var bind: String?

    @Flag(help: "Bring the database's schema up to date first.")
    var migrate = false

    func run() async throws {
        var flags: [SettingKey: ConfigContent] = [:]
        flags[.port] = port.map { .int($0) }
        flags[.opsPort] = opsPort.map { .int($0) }
        flags[.bind] = bind.map { .string($0) }
        let settings = try await options.settings(flags)
        let logger = settings.logger()
        let certificate = try settings.serverCertificate()
        OpenFiles.raiseLimit(for: settings.limits.connections.total, logger)
        if migrate { _ = try await settings.migrate() }
        let redis = try settings.redisClient(logger)
        let cache = redis.map { CacheConnection($0, logger: logger) }
        let limiter = settings.rates.map { RateLimiter(policies: $0, redis: redis) }
        let ledger = try settings.ledger(logger, delivery: cache ?? NoCopies())
        try await Schema(ledger.primary).check()
        let documents = cache.map(DocumentCache.init)
        let warming = documents.map { CacheWarming(settings.warmer(ledger, $0), logger: logger) }
        let access = try await settings.access.parts(credentials: ledger, logger)
        let server = InventoryServer(
            ledger: ledger, documents: documents ?? RenderedDocuments(), warming: warming,
            defaultStoreID: settings.defaultStoreID, authenticator: access.authenticator, credentials: ledger,
            health: ServiceHealth(ledger: ledger, cache: cache), limiter: limiter, proxies: settings.proxies,
            limits: settings.limits, certificate: certificate, cors: settings.cors, logger: logger)
        let services = ServiceGroup(
            configuration: .init(
                services: [
                    // Stopped in reverse: first the front, then the ledger, when all is answered.
                    .init(service: ledger)
                ] + cacheServices(cache, warming, ledger) + access.services.map { .init(service: $0) }
                    + (limiter.map { [.init(service: $0)] } ?? []) + (await certificateServices(certificate, logger))
                    + [
                        .init(service: server.opsService(host: settings.bind, port: settings.opsPort)),
                        .init(
                            service: server.apiService(host: settings.bind, port: settings.port) { port in
                                let scheme = certificate == nil ? "http" : "https"
                                logger.notice("serving", metadata: ["url": "\(scheme)://\(settings.bind):\(port)"])
                            }),
                    ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await services.run()
        await redis?.close()
    }

    private func cacheServices(
        _ cache: CacheConnection?, _ warming: CacheWarming?, _ ledger: PostgresLedger
    ) -> [ServiceGroupConfiguration.ServiceConfiguration] {
        guard let cache, let warming else { return [] }
        return [
            .init(service: Relay(feed: ledger.outboxFeed, cache: cache)),
            .init(service: HeartWatch(primary: ledger, cache: cache)),
            .init(service: warming),
        ]
    }

    private func certificateServices(
        _ certificate: ServerCertificate?, _ logger: Logger
    ) async -> [ServiceGroupConfiguration.ServiceConfiguration] {
        guard let certificate else { return [] }
        let hangUps = await UnixSignalsSequence(trapping: .sighup)
        return [.init(service: CertificateRenewal(of: certificate, onRequest: hangUps, logger: logger))]
    }
}
