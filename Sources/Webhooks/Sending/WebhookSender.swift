import Access
import AsyncHTTPClient
import Basics
import Inventory
import NIOCore
import NIOHTTP1
import NIOSSL
import RateLimiting
import StockEvents

/// Sends messages to the receivers of webhooks.
public struct WebhookSender: Sendable {
    /// Whether URLs of http are allowed, which everybody on the way can read and change.
    public var allowsPlainHTTP: Bool
    public var addresses: AddressPolicy
    /// Of an attempt, from the resolution of the name to the response.
    public var timeout: Duration
    /// Instead of the system's.
    var trustRoots: NIOSSLTrustRoots?
    var resolver = HostResolver.system
    /// For the next messages; without it, connections are closed.
    var idleClients: IdleClients?

    /// What is read of a response's body, so that the connection can be used again; beyond that it is closed.
    static let maximumResponseBytes = 16 << 10
    /// Of one name, those that are tried.
    private static let maximumAddresses = 8

    public init(
        allowsPlainHTTP: Bool = false, addresses: AddressPolicy = AddressPolicy(), timeout: Duration = .seconds(15)
    ) {
        self.allowsPlainHTTP = allowsPlainHTTP
        self.addresses = addresses
        self.timeout = timeout
    }

    /// Checks what can be known of a URL before anything is sent to it.
    @discardableResult
    public func check(_ url: String) throws(WebhookURL.Invalid) -> WebhookURL {
        let url = try WebhookURL(url)
        guard url.isEncrypted || allowsPlainHTTP else {
            throw WebhookURL.Invalid(
                description: "is of http, which anybody on the way can read: use https, or set webhooks.plain_http")
        }
        if let address = ClientAddress(text: url.host), !addresses.allows(address) {
            throw WebhookURL.Invalid(
                description: "has an address that is not public: webhooks.allowed_addresses may name it")
        }
        return url
    }

    /// Sends messages to one receiver, one after the other, over one connection if the receiver keeps it open: one that was
    /// kept since earlier messages, if it is to an address that the name has now.
    ///
    /// The name is resolved once: its addresses are checked, and those very addresses are connected to, one after the other
    /// until one takes the connection. So a name that later resolves to another one (DNS rebinding) gains nothing. The first
    /// message has what the resolution leaves of the time.
    func withReceiver<T: Sendable>(_ url: String, _ body: (inout Receiver) async throws -> T) async throws -> T {
        let checked: WebhookURL
        do {
            checked = try check(url)
        } catch {
            throw DeliveryFailure("the URL \(error)")
        }
        let start = ContinuousClock.now
        let allowed = try await resolve(checked.host).filter { ClientAddress(text: $0).map(addresses.allows) ?? false }
        guard let first = allowed.first else {
            throw DeliveryFailure("\(checked.host) has no address that is public or in webhooks.allowed_addresses")
        }
        let idle = idleClients?.take(checked, at: allowed)
        let address = idle?.address ?? first
        var receiver = Receiver(
            checked, through: self, at: address,
            others: allowed.filter { $0 != address }.prefix(Self.maximumAddresses - 1), idle?.client, since: start)
        let result = await Result.of { try await body(&receiver) }
        await receiver.end(isKept: (try? result.get()) != nil)
        return try result.get()
    }

    private func resolve(_ host: String) async throws -> [String] {
        if ClientAddress(text: host) != nil { return [host] }
        do {
            return try await withTimeLimit(timeout) { [resolver] in try await resolver.addresses(of: host) }
        } catch is TimeLimitExceeded {
            throw DeliveryFailure("\(host) was not resolved within \(timeout.components.seconds) seconds")
        }
    }

    /// - Parameter limit: Of the time until there is a connection.
    fileprivate func client(for url: WebhookURL, at address: String, connectingWithin limit: Duration) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = .nanoseconds(Int64(limit / .nanoseconds(1)))
        configuration.connectionPool.retryConnectionEstablishment = false
        // An address needs no resolution.
        if ClientAddress(text: url.host) == nil { configuration.dnsOverride = [url.host: address] }
        if let trustRoots {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = trustRoots
            configuration.tlsConfiguration = tls
        }
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }
}

/// A receiver whose addresses are checked.
struct Receiver {
    private let sender: WebhookSender
    private let url: WebhookURL
    private var client: HTTPClient
    private var address: String
    /// Whether it has responded through this client, which keeps the connection open for the next message.
    private var hasResponded = false
    /// Those that were not tried yet.
    private var addresses: ArraySlice<String>
    /// Of the attempt that includes the resolution of the name.
    private var start: ContinuousClock.Instant?
    var timeout: Duration { sender.timeout }

    fileprivate init(
        _ url: WebhookURL, through sender: WebhookSender, at first: String, others: ArraySlice<String>,
        _ idle: HTTPClient?, since start: ContinuousClock.Instant
    ) {
        self.sender = sender
        self.url = url
        address = first
        addresses = others
        self.start = start
        client = idle ?? sender.client(for: url, at: first, connectingWithin: sender.timeout / (others.count + 1))
        hasResponded = idle != nil
    }

    fileprivate func end(isKept: Bool) async {
        if isKept, hasResponded, let idle = sender.idleClients {
            await idle.keep(client, of: url, at: address)
        } else {
            try? await client.shutdown()
        }
    }

    /// Sends a message once.
    /// - Parameter secrets: Each signs it.
    /// - Returns: The receiver's status, from 200 to 299.
    mutating func send(
        _ message: WebhookMessage, signedBy secrets: [WebhookSecret], at now: Timestamp
    ) async throws(DeliveryFailure) -> Int {
        let deadline = (start ?? .now) + timeout
        start = nil
        let seconds = now.microseconds / 1_000_000
        var request = HTTPClientRequest(url: url.text)
        request.method = .POST
        request.headers = [
            "Content-Type": ChangeEvent.mediaType, "User-Agent": "Khata",
            "webhook-id": message.id, "webhook-timestamp": String(seconds),
            "webhook-signature": secrets.map { $0.signature(id: message.id, seconds: seconds, body: message.body) }
                .joined(separator: " "),
        ]
        request.body = .bytes(ByteBuffer(string: message.body))
        let response: HTTPClientResponse
        do {
            response = try await self.response(to: request, until: deadline)
        } catch {
            throw DeliveryFailure(sending: error, within: timeout)
        }
        // Whatever becomes of the rest, the receiver has said what it did.
        try? await withTimeLimit(Self.timeForRest) { try await Self.readRest(of: response) }
        let status = Int(response.status.code)
        guard (200..<300).contains(status) else {
            throw DeliveryFailure(
                "the receiver responded with \(status)"
                    + ((300..<400).contains(status) ? ": redirects are not followed" : ""), status: status,
                retryAfter: response.headers.first(name: "retry-after").flatMap { retryAfter($0, at: now) })
        }
        return status
    }

    private mutating func response(
        to request: HTTPClientRequest, until deadline: ContinuousClock.Instant
    ) async throws -> HTTPClientResponse {
        while true {
            do {
                let response = try await withTimeLimit(deadline - .now) { [client] in
                    try await client.execute(request, deadline: .distantFuture)
                }
                hasResponded = true
                return response
            } catch let error where hasResponded && !(error is TimeLimitExceeded || error is CancellationError) {
                // It may close a connection after any response, when the next message is on its way. If it has this message
                // all the same, it knows it by its id.
                await connect(to: address, within: deadline - .now)
            } catch let error where error is IOError || error as? HTTPClientError == .connectTimeout {
                let timeLeft = deadline - .now
                guard timeLeft > .zero, let next = addresses.popFirst() else { throw error }
                await connect(to: next, within: timeLeft / (addresses.count + 1))
            }
        }
    }

    private mutating func connect(to address: String, within limit: Duration) async {
        try? await client.shutdown()
        client = sender.client(for: url, at: address, connectingWithin: limit)
        self.address = address
        hasResponded = false
    }

    private static let timeForRest = Duration.seconds(1)

    private static func readRest(of response: HTTPClientResponse) async throws {
        var bytes = 0
        for try await part in response.body {
            bytes += part.readableBytes
            guard bytes <= WebhookSender.maximumResponseBytes else { return }
        }
    }
}
