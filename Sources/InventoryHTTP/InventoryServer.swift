public import Access
public import Authentication
import HummingbirdCore
public import Inventory
public import Logging
public import NIOCore
public import NIOPosix
public import RateLimiting
public import ServiceLifecycle
public import StockCache

/// The HTTP pipeline: the routes of the contract over a ledger.
///
/// Its services stop gracefully: they take no more connections, finish the requests that run, then end.
public struct InventoryServer: Sendable {
    let api: InventoryAPI
    private let authenticator: Authenticator
    private let limiter: RateLimiter?
    private let proxies: TrustedProxies
    private let limits: Limits
    private let certificate: ServerCertificate?
    private let cors: CORSPolicy?
    private let logger: Logger

    /// - Parameters:
    ///   - documents: Where rendered answers come from: a cache, if there is one.
    ///   - warming: Warms the cache on request, if there is one; has to run too.
    ///   - defaultStoreID: The store that the routes of the first versions speak of.
    ///   - authenticator: Says who asks.
    ///   - credentials: What the authenticator looks into, for the routes that manage keys.
    ///   - limiter: `nil` if rates are not limited; has to run too.
    ///   - certificate: with which the API speaks TLS, and only that; without one it speaks plain HTTP.
    ///   - cors: which pages may use the API through browsers; without one, only its own origin's.
    ///   - logger: gets a line for each request that fails here (status 5xx; of many that fail alike with 503, for one a
    ///     second) and for each key that is made or revoked, and none for others.
    public init(
        ledger: any StockReading & StockWriting, documents: any DocumentReading = RenderedDocuments(),
        warming: CacheWarming? = nil, defaultStoreID: StoreID = StoreID(rawValue: 1), authenticator: Authenticator,
        credentials: any CredentialStoring, health: any HealthReporting, limiter: RateLimiter? = nil,
        proxies: TrustedProxies = TrustedProxies(), limits: Limits = Limits(), certificate: ServerCertificate? = nil,
        cors: CORSPolicy? = nil, logger: Logger
    ) {
        precondition(
            (1...Quantity.maximum).contains(limits.input.quantity), "a movement moves at most \(Quantity.maximum)")
        api = InventoryAPI(
            ledger: ledger, documents: documents, warming: warming, defaultStoreID: defaultStoreID,
            credentials: credentials, health: health, limiter: limiter, limits: limits, logger: logger)
        self.authenticator = authenticator
        self.limiter = limiter
        self.proxies = proxies
        self.limits = limits
        self.certificate = certificate
        self.cors = cors
        self.logger = logger
    }

    /// Serves all routes.
    /// - Parameters:
    ///   - port: 0 takes a free one.
    ///   - onListening: is told the port, once connections are accepted.
    public func apiService(
        host: String, port: Int, eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) -> any Service {
        let pipeline = RequestPipeline(
            router: Router(api.routes), authenticator: authenticator, limiter: limiter, proxies: proxies,
            limits: limits, cors: cors, securityHeaders: SecurityHeaders.fields(isEncrypted: certificate != nil),
            failures: FailureLog(logger))
        return service(pipeline, certificate, host, port, eventLoopGroup, onListening)
    }

    /// Serves what the operator asks for, the health endpoints, without TLS.
    public func opsService(
        host: String, port: Int, eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) -> any Service {
        let pipeline = RequestPipeline(
            router: Router(api.healthRoutes), authenticator: authenticator, limiter: nil, proxies: proxies,
            limits: limits, cors: nil, securityHeaders: SecurityHeaders.fields(isEncrypted: false),
            failures: FailureLog(logger))
        return service(pipeline, nil, host, port, eventLoopGroup, onListening)
    }

    private func service(
        _ pipeline: RequestPipeline, _ certificate: ServerCertificate?, _ host: String, _ port: Int,
        _ eventLoopGroup: any EventLoopGroup, _ onListening: @escaping @Sendable (_ port: Int) async -> Void
    ) -> any Service {
        let channel = RequestChannel(pipeline: pipeline, limits: limits)
        let guarded = GuardedChannel(base: channel, limits: limits.connections, certificate: certificate)
        // The server itself, not an `Application`: that makes a logger and an id of its own for every request.
        return EventLoopChannel(base: guarded).server(
            configuration: ServerConfiguration(address: .hostname(host, port: port), backlog: 1_024),
            onServerRunning: { await onListening($0.localAddress?.port ?? port) },
            eventLoopGroup: eventLoopGroup, logger: logger)
    }
}
