import Foundation
import Inventory
import InventoryHTTP
import Logging
import NIOCore
import RateLimiting
import Redis
import ServiceLifecycle
import StockCache
import StockEvents
import UnixSignals
import Webhooks

/// One process that serves the API, over any ledger.
struct Instance {
    private let settings: Settings
    private let server: InventoryServer
    private let certificate: ServerCertificate?
    /// Stopped in reverse: first the HTTP server, then, once all requests are done, the services that it depends on.
    private let services: [any Service]
    private let sockets: InheritedSockets
    private let manager: ServiceManager?
    private let log: LogWriter
    private let logger: Logger

    /// - Parameters:
    ///   - waiters: Receives the ledger's commits.
    ///   - metrics: What the operator's port shows; the caller has made them observe the ledger.
    ///   - traces: What is recorded of requests; `nil` for nothing. The ledger and Redis have to be traced, too.
    ///   - redis: Where instances share rate limits; without it, this one counts alone.
    ///   - services: The services that the HTTP server depends on, the ledger first.
    ///   - sockets: What to listen on, in place of the addresses in the settings.
    ///   - manager: Is told when the instance serves, and when it stops.
    ///   - log: Where the logger's lines go.
    /// - Throws: `SettingsError`.
    init(
        _ settings: Settings, ledger: any Ledger, waiters: ChangeWaiters,
        documents: any DocumentReading = RenderedDocuments(), cache: CacheConnection? = nil,
        warming: CacheWarming? = nil, commands: CommandQueueAccess? = nil, health: any HealthReporting,
        metrics: ServiceMetrics, traces: Traces?, redis: RedisClient? = nil,
        certificate: ServerCertificate?, services: [any Service], _ sockets: InheritedSockets,
        _ manager: ServiceManager?, _ log: LogWriter, _ logger: Logger
    ) async throws(SettingsError) {
        OpenFiles.raiseLimit(for: settings.limits.connections.total, logger)
        for file in settings.exposedFiles {
            logger.warning("every user of this machine can read a file with secrets", metadata: ["file": "\(file)"])
        }
        let limiter =
            settings.limitsRates
            ? RateLimiter(policies: settings.rates, source: redis.map(RedisPermits.init)) : nil
        let access = try await settings.access.parts(
            credentials: ledger, logger, onRefusal: metrics.requests.observe)
        let changes = ChangeFeed(ledger: ledger, waiters: waiters)
        let sender = try settings.webhookSender
        let deliveries = WebhookDeliveries(
            ledger, waiters: waiters, sender: sender, limits: settings.webhooks.limits,
            observing: metrics.events.observe, logger: logger)
        let reconciler =
            settings.reconciliationHours == 0
            ? nil
            : Reconciler(
                ledger, cache.map { DocumentComparison(ledger, $0) }, settings.reconciliation, metrics.reconciliation,
                logger)
        let health = InstanceHealth(
            storage: health, tokenKeys: access.tokenKeys, webhooks: deliveries, reconciler: reconciler)
        server = InventoryServer(
            ledger: ledger, changes: changes, documents: documents, warming: warming, commands: commands,
            defaultStoreID: settings.defaultStoreID,
            authenticator: access.authenticator, credentials: ledger,
            webhooks: WebhookAdministration(ledger, sender: sender, logger: logger),
            health: health, limiter: limiter,
            proxies: try settings.proxies, acceptsPlainPasswords: settings.access.acceptsPlainPasswords,
            limits: settings.limits, certificate: certificate, cors: try settings.cors,
            metrics: metrics.registry,
            observer: RequestObserver(metrics: metrics.requests, log: settings.requestLog(log)),
            tracer: traces?.tracer, logger: logger)
        if let traces { metrics.observe(traces) }
        // The exporter is stopped last, so that it exports everything.
        let exporting: [any Service] = traces.map { [$0.exporter] } ?? []
        let front: [any Service] = [
            changes, deliveries, ComponentSampling(health: health, metrics: metrics.components),
        ]
        self.services =
            exporting + services + front + access.services + (limiter.map { [$0] } ?? [])
            + (reconciler.map { [$0] } ?? [])
        self.certificate = certificate
        self.sockets = sockets
        self.manager = manager
        self.settings = settings
        self.log = log
        self.logger = logger
    }

    /// Serves until the process receives a signal to stop.
    /// - Parameter onListening: Called with the API's address once it accepts connections.
    /// - Throws: Also if requests were cut off at the shutdown.
    func run(onListening: @escaping @Sendable (_ url: String) -> Void = { _ in }) async throws {
        let (scheme, manager, logger) = (certificate == nil ? "http" : "https", manager, logger)
        let front: [any Service] = [
            server.opsService(on: opsAddress) { address in
                logger.notice("health and metrics", metadata: ["url": "\(address.url("http"))"])
            },
            server.apiService(on: address) { address in
                let url = address.url(scheme)
                logger.notice("serving", metadata: ["url": "\(url)"])
                onListening(url)
                await manager?.tell("READY=1")
            },
        ]
        let deadline = ShutdownDeadline(
            limit: settings.limits.connections.drainDelay + settings.limits.connections.drain + .seconds(5),
            manager: manager, log: log, logger: logger)
        let services = ServiceGroup(
            configuration: .init(
                // If one fails, the others still shut down gracefully: cancelled, they would not finish their work.
                services: (services + (await renewal()) + front + [deadline]).map {
                    .init(service: $0, failureTerminationBehavior: .gracefullyShutdownGroup)
                },
                // A terminal that closes sends a hangup, which renews the certificate where there is one.
                gracefulShutdownSignals: [.sigterm, .sigint] + (certificate == nil ? [.sighup] : []),
                logger: logger))
        do {
            try await services.run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw Failure(
                "a port is taken: set port and ops.port, which are \(settings.port) of \(settings.bind) and "
                    + "\(settings.opsPort) of \(settings.opsBind), to free ones")
        }
    }

    private var address: ListeningAddress {
        sockets.api.map { .socket($0) } ?? .hostname(settings.bind, port: settings.port)
    }

    private var opsAddress: ListeningAddress {
        sockets.ops.map { .socket($0) } ?? .hostname(settings.opsBind, port: settings.opsPort)
    }

    private func renewal() async -> [any Service] {
        guard let certificate else { return [] }
        let hangUps = await UnixSignalsSequence(trapping: .sighup)
        return [CertificateRenewal(of: certificate, onRequest: hangUps, logger: logger)]
    }
}

extension SocketAddress {
    fileprivate func url(_ scheme: String) -> String {
        let host = ipAddress ?? ""
        return "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port ?? 0)"
    }
}
