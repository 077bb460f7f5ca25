/// How many connections the HTTP front takes, and how long it waits for each.
public struct ConnectionLimits: Sendable {
    /// The connections at a time, in all and from one address (of IPv6, from one /64 network). More are closed at once.
    public var total = 20_000
    public var perAddress = 8_000
    /// The requests on one connection.
    public var requests = 100_000
    /// How long a connection may be open without a request.
    public var idle = Duration.seconds(60)
    /// How long a TLS handshake may take.
    public var handshake = Duration.seconds(10)
    /// How long the head of a request may take, from its first byte, or from the beginning of the connection.
    public var head = Duration.seconds(10)
    /// How long a body may take to come, and an answer to be taken, unless they move at `bytesPerSecond`.
    public var body = Duration.seconds(10)
    public var answer = Duration.seconds(10)
    /// The pace at which a body or an answer may take longer.
    public var bytesPerSecond = 1_024

    /// How long a client may take to hang up, after the last answer: closing while it still sends would reset the
    /// connection, and the answer might be lost (RFC 9112, section 9.6).
    let linger = Duration.seconds(2)

    public init() {}
}
