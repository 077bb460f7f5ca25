public import Access
public import Authentication
import HummingbirdCore
public import Inventory
public import Logging
public import NIOCore
public import NIOPosix
public import Prometheus
public import RateLimiting
public import ServiceLifecycle
public import StockCache
public import StockEvents
public import Tracing
public import Webhooks

/// The HTTP server: the API's routes over a ledger.
///
/// Its services shut down gracefully: they accept no more connections, finish the requests in progress, then end. Clients
/// that are left after `HTTPLimits.connections.drain` are cut off, and the service fails.
public struct InventoryServer: Sendable {
    let api: InventoryAPI
    private let authenticator: Authenticator
    private let limiter: RateLimiter?
    private let proxies: TrustedProxies
    private let acceptsPlainPasswords: Bool
    private let limits: HTTPLimits
    private let memory: MemoryBudget
    private let certificate: ServerCertificate?
    private let cors: CORSPolicy?
    private let observer: any HTTPObserver
    private let tracer: (any Tracer)?
    private let logger: Logger

    /// - Parameters:
    ///   - changes: The ledger's changes; the caller runs this service.
    ///   - documents: The source of rendered responses: the cache, if there is one.
    ///   - warming: Warms the cache on request, if there is one; the caller runs this service.
    ///   - commands: The queue of commands, if there is one.
    ///   - defaultStoreID: The store of the first versions' routes.
    ///   - authenticator: Maps credentials to principals.
    ///   - credentials: The authenticator's store, for the routes that manage keys.
    ///   - webhooks: For the routes that manage webhooks; the caller delivers events to these.
    ///   - limiter: `nil` for no rate limits; the caller runs this service.
    ///   - acceptsPlainPasswords: Whether passwords may be sent without TLS, over a network.
    ///   - certificate: With one, the API is served over TLS only; without one, over plain HTTP.
    ///   - cors: Which origins' pages may use the API from browsers; `nil` allows only its own origin.
    ///   - metrics: What the operator's port shows at `/metrics`; `nil` for nothing.
    ///   - observer: Observes the API's requests and connections, not those of the operator's port.
    ///   - tracer: Records the spans of the API's requests; `nil` for none.
    ///   - logger: Logs failed requests (status 5xx), refusals (401, 403, 429), both with limits, and each change to a key
    ///     or user, but no other requests.
    public init(
        ledger: any StockReading & StockWriting, changes: ChangeFeed,
        documents: any DocumentReading = RenderedDocuments(),
        warming: CacheWarming? = nil, commands: CommandQueueAccess? = nil,
        defaultStoreID: StoreID = StoreID(rawValue: 1), authenticator: Authenticator,
        credentials: any CredentialStoring, webhooks: WebhookAdministration, health: any HealthReporting,
        limiter: RateLimiter? = nil,
        proxies: TrustedProxies = TrustedProxies(), acceptsPlainPasswords: Bool = false,
        limits: HTTPLimits = HTTPLimits(),
        certificate: ServerCertificate? = nil, cors: CORSPolicy? = nil, metrics: MetricRegistry? = nil,
        observer: any HTTPObserver = NoHTTPObserver(), tracer: (any Tracer)? = nil, logger: Logger
    ) {
        precondition(
            (1...Quantity.maximum).contains(limits.input.quantity), "a movement moves at most \(Quantity.maximum)")
        api = InventoryAPI(
            ledger: ledger, changes: changes, documents: documents, warming: warming, commands: commands,
            defaultStoreID: defaultStoreID, credentials: LoggedCredentials(credentials, logger), webhooks: webhooks,
            passwords: authenticator.passwords, health: health, limiter: limiter, limits: limits, metrics: metrics,
            observer: observer)
        self.authenticator = authenticator
        self.limiter = limiter
        self.proxies = proxies
        self.acceptsPlainPasswords = acceptsPlainPasswords
        self.limits = limits
        memory = MemoryBudget(bytes: limits.bodiesBytes)
        self.certificate = certificate
        self.cors = cors
        self.observer = observer
        self.tracer = tracer
        self.logger = logger
    }

    /// Serves all routes.
    /// - Parameters:
    ///   - onListening: Called with the address, once connections are accepted.
    public func apiService(
        on address: ListeningAddress, eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        onListening: @escaping @Sendable (SocketAddress) async -> Void = { _ in }
    ) -> any Service {
        let pipeline = RequestPipeline(
            router: Router(api.routes, observer: observer), authenticator: authenticator, limiter: limiter,
            proxies: proxies,
            isEncrypted: certificate != nil, acceptsPlainPasswords: acceptsPlainPasswords, limits: limits,
            memory: memory, cors: cors,
            securityHeaders: SecurityHeaders.fields(isEncrypted: certificate != nil),
            failures: FailureLog(logger), refusals: SecurityLog(logger), observer: observer, tracer: tracer,
            unrouted: observer.requests(to: nil))
        return service(
            pipeline, certificate, address, eventLoopGroup, onListening, drainDelay: limits.connections.drainDelay
        ) {
            api.draining.set()
            // Readers that wait for changes get what there is.
            api.changes.close()
        }
    }

    /// Serves the operator's routes, the health endpoints and metrics, without TLS.
    public func opsService(
        on address: ListeningAddress, eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        onListening: @escaping @Sendable (SocketAddress) async -> Void = { _ in }
    ) -> any Service {
        let pipeline = RequestPipeline(
            router: Router(api.opsRoutes), authenticator: authenticator, limiter: nil, proxies: proxies,
            isEncrypted: false, acceptsPlainPasswords: false, limits: limits,
            memory: memory, cors: nil,
            securityHeaders: SecurityHeaders.fields(isEncrypted: false),
            failures: FailureLog(logger), refusals: SecurityLog(logger), observer: NoHTTPObserver(), unrouted: { _ in })
        return service(pipeline, nil, address, eventLoopGroup, onListening)
    }

    private func service(
        _ pipeline: RequestPipeline, _ certificate: ServerCertificate?, _ address: ListeningAddress,
        _ eventLoopGroup: any EventLoopGroup, _ onListening: @escaping @Sendable (SocketAddress) async -> Void,
        drainDelay: Duration = .zero, onDraining: @escaping @Sendable () -> Void = {}
    ) -> any Service {
        let channel = RequestChannel(pipeline: pipeline, limits: limits)
        let watches = ConnectionWatches(limits.connections, pipeline.observer)
        let guarded = GuardedChannel(
            base: channel, limits: limits.connections, certificate: certificate, watches: watches, memory: memory)
        return DrainingServer(
            address: address, connection: EventLoopChannel(base: guarded), watches: watches, limits: limits.connections,
            eventLoopGroup: eventLoopGroup, onListening: onListening, onDraining: onDraining, drainDelay: drainDelay,
            logger: logger)
    }
}
