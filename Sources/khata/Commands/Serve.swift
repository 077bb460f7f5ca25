import ArgumentParser
import Foundation
import Inventory
import InventoryHTTP
import Logging
import Postgres
import PostgresLedger
import Redis
import ServiceLifecycle
import StockCache
import StockEvents

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serves the API until it is stopped.")

    @OptionGroup var options: SettingsOptions

    @Option(help: "The API's port.")
    var port: Int?

    @Option(help: "The port of the health endpoints and metrics for operators.")
    var opsPort: Int?

    @Option(help: "The address to listen on.")
    var bind: String?

    @Option(help: "The address of the port for operators.")
    var opsBind: String?

    @Flag(help: "Migrate the database's schema first; a file always is.")
    var migrate = false

    func run() async throws {
        var flags: [String: String] = [:]
        flags["port"] = port?.description
        flags["ops.port"] = opsPort?.description
        flags["bind"] = bind
        flags["ops.bind"] = opsBind
        let settings = try await options.settings(flags)
        let (environment, processID) = (ProcessInfo.processInfo.environment, ProcessInfo.processInfo.processIdentifier)
        let sockets = try InheritedSockets(environment, of: processID)
        try sockets.check()
        let log = settings.logWriter()
        defer { log.flush() }
        let manager = try ServiceManager(environment, settings.logger(log))
        switch try settings.storage {
        case .servers(let servers): try await serve(servers, settings, sockets, manager, log)
        case .file(let path):
            try await EmbeddedShop(path: path, settings: settings, sockets: sockets, manager: manager, log: log).serve()
        }
    }

    private func serve(
        _ servers: Settings.Servers, _ settings: Settings, _ sockets: InheritedSockets, _ manager: ServiceManager?,
        _ log: LogWriter
    ) async throws {
        let logger = settings.logger(log)
        let certificate = try settings.serverCertificate()
        if migrate { _ = try await settings.migrate(servers) }
        let metrics = ServiceMetrics(log: log)
        let traces = settings.traces(logger)
        let redis = try settings.redisClient(on: servers, logger) { roundTrip in
            metrics.observe(roundTrip)
            traces?.observe(roundTrip)
        }
        let cache = redis.map {
            CacheConnection(
                $0, recentBytes: settings.recentDocumentBytes, onFill: metrics.requests.observeFill, logger: logger)
        }
        let waiters = ChangeWaiters()
        let ledger = try settings.ledger(
            on: servers, logger, invalidating: cache ?? NoCacheConnection(), waking: waiters, metrics: metrics.ledger,
            traces: traces)
        metrics.observe(ledger, cache)
        let publisher = try settings.eventSink(on: servers, logger).map {
            EventPublisher(ledger: ledger, waiters: waiters, sink: $0, logger: logger)
        }
        let commands = try settings.queuedCommands(on: servers, ledger, metrics.events, logger)
        let schema = Schema(ledger.primary)
        try await schema.check()
        for defect in try await schema.protectionDefects() { logger.warning("\(defect)") }
        try await settings.checkCommandsUser(in: ledger)
        try await publisher?.subscribe()
        let documents = cache.map { DocumentCache($0, servesUnproven: settings.ledger.servesUnproven) }
        let warming = documents.map { CacheWarming(settings.warmer(ledger, $0), logger: logger) }
        let instance = try await Instance(
            settings, ledger: ledger, waiters: waiters, documents: documents ?? RenderedDocuments(), cache: cache,
            warming: warming,
            commands: commands?.access,
            health: ServiceHealth(ledger: ledger, cache: cache, publisher: publisher, commands: commands?.health),
            metrics: metrics, traces: traces, redis: redis, certificate: certificate,
            services: [ledger] + cacheServices(cache, warming, ledger) + (publisher.map { [$0] } ?? [])
                + (commands?.services ?? []), sockets, manager, log, logger)
        try await instance.run()
        await redis?.close()
    }

    private func cacheServices(
        _ cache: CacheConnection?, _ warming: CacheWarming?, _ ledger: PostgresLedger
    ) -> [any Service] {
        guard let cache, let warming else { return [] }
        return [Relay(outbox: ledger.relay, cache: cache), HeartbeatMonitor(primary: ledger, cache: cache), warming]
    }
}
