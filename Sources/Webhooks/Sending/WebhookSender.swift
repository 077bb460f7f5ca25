import Access
import AsyncHTTPClient
import Inventory
import NIOCore
import NIOHTTP1
import NIOSSL
import RateLimiting

/// Sends messages to the receivers of webhooks.
public struct WebhookSender: Sendable {
    /// Whether URLs of http are allowed, which everybody on the way can read and change.
    public var allowsPlainHTTP: Bool
    public var addresses: AddressPolicy
    /// Of an attempt, from the resolution of the name to the response.
    public var timeout: Duration
    /// Instead of the system's.
    var trustRoots: NIOSSLTrustRoots?

    /// What is read of a response's body, so that the connection can be used again; beyond that it is closed.
    static let maximumResponseBytes = 16 << 10

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

    /// Sends messages to one receiver, one after the other, over one connection if the receiver keeps it open.
    ///
    /// The name is resolved once: its address is checked, and that very address is connected to. So a name that later
    /// resolves to another one (DNS rebinding) gains nothing.
    func withReceiver<T: Sendable>(_ url: String, _ body: (Receiver) async throws -> T) async throws -> T {
        let checked: WebhookURL
        do {
            checked = try check(url)
        } catch {
            throw DeliveryFailure("the URL \(error)")
        }
        let address = try await HostResolver.addresses(of: checked.host).first {
            ClientAddress(text: $0).map(addresses.allows) ?? false
        }
        guard let address else {
            throw DeliveryFailure("\(checked.host) has no address that is public or in webhooks.allowed_addresses")
        }
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = .nanoseconds(Int64(timeout / .nanoseconds(1)))
        configuration.connectionPool.retryConnectionEstablishment = false
        // An address needs no resolution.
        if ClientAddress(text: checked.host) == nil { configuration.dnsOverride = [checked.host: address] }
        if let trustRoots {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = trustRoots
            configuration.tlsConfiguration = tls
        }
        return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            try await body(Receiver(client: client, url: checked.text, timeout: timeout))
        }
    }
}

/// A receiver whose address is checked.
struct Receiver: Sendable {
    fileprivate let client: HTTPClient
    fileprivate let url: String
    let timeout: Duration

    /// Sends a message once.
    /// - Parameter secrets: Each signs it.
    /// - Returns: The receiver's status, from 200 to 299.
    func send(
        _ message: WebhookMessage, signedBy secrets: [WebhookSecret], at now: Timestamp
    ) async throws(DeliveryFailure) -> Int {
        let seconds = now.microseconds / 1_000_000
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers = [
            "Content-Type": "application/cloudevents+json; charset=utf-8", "User-Agent": "Khata",
            "webhook-id": message.id, "webhook-timestamp": String(seconds),
            "webhook-signature": secrets.map { $0.signature(id: message.id, seconds: seconds, body: message.body) }
                .joined(separator: " "),
        ]
        request.body = .bytes(ByteBuffer(string: message.body))
        let response: HTTPClientResponse
        do {
            response = try await withTimeLimit(timeout) { [request] in
                try await client.execute(request, deadline: .distantFuture)
            }
        } catch {
            throw DeliveryFailure(sending: error, within: timeout)
        }
        // Whatever becomes of the rest, the receiver has said what it did.
        try? await withTimeLimit(Self.timeForRest) { try await readRest(of: response) }
        let status = Int(response.status.code)
        guard (200..<300).contains(status) else {
            throw DeliveryFailure(
                "the receiver responded with \(status)"
                    + ((300..<400).contains(status) ? ": redirects are not followed" : ""), status: status,
                retryAfter: response.headers.first(name: "retry-after").flatMap { retryAfter($0, at: now) })
        }
        return status
    }

    private static let timeForRest = Duration.seconds(1)

    private func readRest(of response: HTTPClientResponse) async throws {
        var bytes = 0
        for try await part in response.body {
            bytes += part.readableBytes
            guard bytes <= WebhookSender.maximumResponseBytes else { return }
        }
    }
}
