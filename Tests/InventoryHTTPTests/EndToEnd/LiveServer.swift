import AsyncHTTPClient
import Inventory
public import JSON
import LedgerTesting
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import PostgresLedger
import Prometheus
import Redis
import ServerTesting
import ServiceLifecycle
import StockCache
import StockEvents
import Synchronization
import Testing
import Webhooks

@testable import Access
@testable import Authentication
@testable import InventoryHTTP
@testable import RateLimiting

/// A server on free ports, over a ledger on a database of its own, with a key for each role.
struct LiveServer: Sendable {
    let database: TestDatabase
    let port: Int
    let opsPort: Int
    let services: ServiceGroup
    let routes: [Route]
    private let tokens: [Role: String]

    /// How a server is set up, and where it logs.
    struct Setup {
        var address = ListeningAddress.hostname("127.0.0.1", port: 0)
        var limits = HTTPLimits()
        var defaultStoreID = StoreID(rawValue: 1)
        /// `nil`: rates are not limited.
        var rates: RatePolicies?
        var proxies = TrustedProxies()
        var certificate: ServerCertificate?
        var cors: CORSPolicy?
        var passwords: PasswordHasher? = .cheap
        var tokens: TokenVerifier?
        /// The queue of commands, and what it depends on.
        var commands: (access: CommandQueueAccess, services: [any Service])?
        var metrics: MetricRegistry?
        var observer: any HTTPObserver = NoHTTPObserver()
        var logger = TestDatabase.quiet
    }

    /// Starts a server, lends it and stops it.
    static func with(
        limits: HTTPLimits = HTTPLimits(), rates: RatePolicies? = nil, proxies: TrustedProxies = TrustedProxies(),
        certificate: ServerCertificate? = nil, cors: CORSPolicy? = nil,
        _ body: @Sendable (LiveServer) async throws -> Void
    ) async throws {
        try await with(
            Setup(limits: limits, rates: rates, proxies: proxies, certificate: certificate, cors: cors), body)
    }

    static func with(_ setup: Setup, _ body: @Sendable (LiveServer) async throws -> Void) async throws {
        try await TestDatabase.with { database in
            try await start(on: database, setup, try await database.makeKeys(), body)
        }
    }

    /// Starts two servers, each with a ledger of its own, over one database.
    /// - Parameter limits: Of the second.
    static func withTwo(
        limits: HTTPLimits = HTTPLimits(), _ body: @Sendable (LiveServer, LiveServer) async throws -> Void
    ) async throws {
        try await TestDatabase.with { database in
            let tokens = try await database.makeKeys()
            try await start(on: database, Setup(), tokens) { one in
                try await start(on: database, Setup(limits: limits), tokens) { two in try await body(one, two) }
            }
        }
    }

    /// Starts a server with a cache in a Redis of its own, which it trusts by the time it is lent.
    static func withCache(
        limits: HTTPLimits = HTTPLimits(), observer: any HTTPObserver = NoHTTPObserver(),
        _ body: @Sendable (LiveServer) async throws -> Void
    ) async throws {
        try await TestDatabase.with { database in
            let tokens = try await database.makeKeys()
            try await RedisServer.with { redis in
                let client = try RedisClient(
                    try RedisConfiguration(url: redis.url), eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                    logger: TestDatabase.quiet)
                let cache = CacheConnection(client, recentBytes: 1 << 20, logger: TestDatabase.quiet)
                try await closing(client.close) {
                    let setup = Setup(limits: limits, observer: observer)
                    try await start(on: database, setup, tokens, cache: cache) { live in
                        try await eventually("the cache is trusted") { cache.isTrusted }
                        try await body(live)
                    }
                }
            }
        }
    }

    private static func start(
        on database: TestDatabase, _ setup: Setup, _ tokens: [Role: String], cache: CacheConnection? = nil,
        _ body: @Sendable (LiveServer) async throws -> Void
    ) async throws {
        var ledgerLimits = LedgerLimits()
        // Beside other tests, a lookup takes seconds on a slow machine.
        ledgerLimits.credentialTimeout = .seconds(60)
        try await database.withLedger(
            limits: ledgerLimits, invalidating: cache ?? NoCacheConnection(), logger: setup.logger
        ) { ledger in
            let authenticator = Authenticator(
                credentials: ledger, uses: KeyUses(store: ledger, logger: setup.logger), passwords: setup.passwords,
                tokens: setup.tokens, logger: setup.logger)
            let limiter = setup.rates.map { RateLimiter(policies: $0, source: nil) }
            let documents = cache.map { DocumentCache($0) }
            let warming = documents.map { documents in
                CacheWarming(
                    CacheWarmer(ledger: ledger, documents: documents, limits: setup.limits, concurrency: 2),
                    logger: setup.logger)
            }
            let changes = ChangeFeed(ledger: ledger, waiters: ChangeWaiters())
            let server = InventoryServer(
                ledger: ledger, changes: changes, documents: documents ?? RenderedDocuments(), warming: warming,
                commands: setup.commands?.access, defaultStoreID: setup.defaultStoreID, authenticator: authenticator,
                credentials: ledger,
                webhooks: WebhookAdministration(ledger, sender: WebhookSender(), logger: TestDatabase.quiet),
                health: ledger,
                limiter: limiter,
                proxies: setup.proxies, limits: setup.limits, certificate: setup.certificate, cors: setup.cors,
                metrics: setup.metrics, observer: setup.observer, logger: setup.logger)
            var services: [any Service] = [changes] + (setup.commands?.services ?? [])
            if let limiter { services.append(limiter) }
            if let cache, let warming {
                services += [
                    Relay(outbox: ledger.relay, cache: cache), HeartbeatMonitor(primary: ledger, cache: cache), warming,
                ]
            }
            try await run(server, at: setup.address, and: services, on: database, tokens, body)
        }
    }

    private static func run(
        _ server: InventoryServer, at address: ListeningAddress, and others: [any Service], on database: TestDatabase,
        _ tokens: [Role: String],
        _ body: @Sendable (LiveServer) async throws -> Void
    ) async throws {
        let (ports, listening) = AsyncStream<(isOps: Bool, port: Int)>.makeStream()
        let services = ServiceGroup(
            services: others + [
                server.opsService(on: .hostname("127.0.0.1", port: 0)) { listening.yield((true, $0.port ?? 0)) },
                server.apiService(on: address) { listening.yield((false, $0.port ?? 0)) },
            ], logger: TestDatabase.quiet)
        try await running(services) {
            var port: [Bool: Int] = [:]
            for await listening in ports.prefix(2) { port[listening.isOps] = listening.port }
            try await body(
                LiveServer(
                    database: database, port: try #require(port[false]), opsPort: try #require(port[true]),
                    services: services, routes: server.api.routes, tokens: tokens))
        }
    }

    func token(_ role: Role) -> String { tokens[role] ?? "" }

    /// A new key that is limited to some stores.
    func key(_ role: Role, stores: [Int]) async throws -> String {
        let made = try await post(
            "/admin/keys", #"{"name": "limited", "role": "\#(role.rawValue)", "stores": \#(stores)}"#)
        return try #require(made["key"]?.string)
    }

    /// Changes keys or users beside the server.
    func change(
        _ body: @Sendable (PostgresLedger, CommandContext) async throws -> Void
    ) async throws {
        try await database.withLedger { ledger in
            try await body(ledger, CommandContext(actor: "test", requestID: "test"))
        }
    }

    /// Sends a request, with a key of the role unless the headers say otherwise.
    func send(
        _ method: HTTPMethod, _ path: String, _ json: String? = nil, as role: Role? = .admin,
        headers: [(String, String)] = [], opsPort isOps: Bool = false
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(isOps ? opsPort : port)\(path)")
        request.method = method
        request.headers = HTTPHeaders(headers)
        if let role { request.headers.add(name: "Authorization", value: "Bearer \(token(role))") }
        if let json {
            request.body = .bytes(ByteBuffer(string: json))
            if !request.headers.contains(name: "Content-Type") {
                request.headers.add(name: "Content-Type", value: "application/json")
            }
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let body = try await response.body.collect(upTo: 16 << 20)
        return Answer(status: Int(response.status.code), headers: response.headers, text: String(buffer: body))
    }

    func get(_ path: String, as role: Role? = .admin, headers: [(String, String)] = []) async throws -> Answer {
        try await send(.GET, path, as: role, headers: headers)
    }

    func post(
        _ path: String, _ json: String, as role: Role? = .admin, headers: [(String, String)] = []
    ) async throws -> Answer {
        try await send(.POST, path, json, as: role, headers: headers)
    }

    /// Two stores, 1 and 2, and products 101 to 105, of which store 1 has `onHand` each.
    func stocked(_ onHand: Int = 20) async throws {
        for store in 1...2 {
            #expect(try await post("/stores", #"{"store_id": \#(store), "name": "Store \#(store)"}"#).status == 201)
        }
        for product in 101...105 {
            let body =
                #"{"product_id": \#(product), "name": "Product \#(product)", "category": "Grocery", "unit": "pack"}"#
            #expect(try await post("/products", body).status == 201)
            if onHand > 0 { #expect(try await move(product, store: 1, onHand, "stock-in").status == 201) }
        }
    }

    func move(
        _ product: Int, store: Int, _ quantity: Int, _ type: String, headers: [(String, String)] = []
    ) async throws -> Answer {
        try await post(
            "/stock-movements",
            #"{"store_id": \#(store), "product_id": \#(product), "quantity": \#(quantity), "movement_type": "\#(type)"}"#,
            headers: headers)
    }

    func onHand(_ product: Int, store: Int) async throws -> JSONValue? {
        try await get("/stores/\(store)/stock/\(product)")["on_hand"]
    }
}

extension PasswordHasher {
    /// Hashes that anyone could guess, in no time.
    static let cheap = ScryptCost(ln: 4, r: 1, p: 1).map { PasswordHasher(waiting: 64, cost: $0) }!
}

extension TestDatabase {
    /// A key for each role.
    fileprivate func makeKeys() async throws -> [Role: String] {
        try await withLedger { ledger in
            var tokens: [Role: String] = [:]
            for role in Role.allCases {
                let key = APIKey.generate()
                _ = try await ledger.addAPIKey(NewAPIKey(key, name: role.rawValue, grant: Grant(role: role)))
                tokens[role] = key.token
            }
            return tokens
        }
    }
}

extension LiveServer {
    /// Whether the ledgers, of which 0 is the catalog's, are sound to the last hash.
    func expectSound(stores: ClosedRange<Int64> = 0...2) async throws {
        try await database.withLedger { ledger in
            for store in stores {
                _ = try await AuditVerification(ledger: ledger).verify(StoreID(rawValue: store))
            }
        }
    }
}

/// What a server answered.
struct Answer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let text: String

    /// The body, `null` if it is no JSON.
    var json: JSONValue {
        var bytes = Array(text.utf8)
        return bytes.withUnsafeMutableBytes { (try? JSONParser.parse(UnsafeRawBufferPointer($0))) ?? .null }
    }

    subscript(name: String) -> JSONValue? { json[name] }

    var code: JSONValue? { json["code"] }

    /// The pointers of the fields that are wrong.
    var pointers: [JSONValue] { json["errors"]?.elements.compactMap { $0["pointer"] } ?? [] }

    func header(_ name: String) -> String? { headers.first(name: name) }
}

extension JSONValue: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, ExpressibleByBooleanLiteral {
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(stringLiteral value: String) { self = .text(value) }
    public init(booleanLiteral value: Bool) { self = .flag(value) }

    subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    subscript(index: Int) -> JSONValue? {
        elements.indices.contains(index) ? elements[index] : nil
    }

    var elements: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }

    var string: String? {
        if case .text(let text) = self { text } else { nil }
    }

    var names: [String] {
        if case .object(let members) = self { members.map(\.name) } else { [] }
    }
}
