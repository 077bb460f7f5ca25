/// How many connections the HTTP server accepts, and its timeouts.
public struct ConnectionLimits: Sendable {
    /// Concurrent connections, in total and per client address (IPv6: per /64 network). More are closed on accept.
    public var total = 20_000
    public var perAddress = 8_000
    /// Requests per connection.
    public var requests = 100_000
    /// How long a connection may be open without a request.
    public var idle = Duration.seconds(60)
    /// How long a TLS handshake may take.
    public var handshake = Duration.seconds(10)
    /// How long the head of a request may take, from its first byte, or from the start of the connection.
    public var head = Duration.seconds(10)
    /// How long a body may take to arrive, and the client to read a response, unless they move at `bytesPerSecond`.
    public var body = Duration.seconds(10)
    public var response = Duration.seconds(10)
    /// The rate at which a body or a response may take longer.
    public var bytesPerSecond = 1_024
    /// How long connections are still accepted after the start of a shutdown, while readiness fails already.
    public var drainDelay = Duration.zero
    /// How long received requests may take after that; then their connections are cut off.
    public var drain = Duration.seconds(20)

    /// How long a client may take to close the connection after the last response: closing while it still sends would
    /// reset the connection, and the response might be lost (RFC 9112, section 9.6).
    let linger = Duration.seconds(2)

    /// How long a connection stays open for another request after the start of a shutdown, if it was used just before:
    /// closed at once, the request that its client is sending would be lost. That one gets the last response.
    let reuse = Duration.seconds(1)

    public init() {}
}
