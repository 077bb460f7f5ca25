import HTTPTypes
import HummingbirdCore
import NIOCore
public import RateLimiting

/// The proxies that are trusted to report a client's address (`X-Forwarded-For`). Without any, the header is ignored.
public struct TrustedProxies: Sendable {
    private let ranges: [AddressRange]

    /// One behind the other.
    private static let maximumProxies = 32

    public init(_ ranges: [AddressRange] = []) {
        self.ranges = ranges
    }

    /// The nearest address that is not a trusted proxy's. Each proxy appends the address of its own client, so anything
    /// to the left of that is the client's claim, and not trusted.
    /// - Returns: `nil` for a connection without an address, such as a Unix socket.
    func client(of request: Request, from peer: SocketAddress?) -> ClientAddress? {
        nearest(to: request, from: peer)?.address
    }

    /// Whether the client is on this machine. Not if a proxy reports something else than an address, such as `unknown`.
    func isLocal(_ request: Request, from peer: SocketAddress?) -> Bool {
        guard let (address, isClient) = nearest(to: request, from: peer) else { return false }
        return isClient && address.isLoopback
    }

    /// - Returns: An address, and whether it is the client's: otherwise it is that of the last proxy that is known.
    private func nearest(to request: Request, from peer: SocketAddress?) -> (address: ClientAddress, isClient: Bool)? {
        guard var address = peer.flatMap(ClientAddress.init) else { return nil }
        guard isTrusted(address) else { return (address, true) }
        let fields = request.headers[values: .forwardedFor]
        let forwarded = fields.flatMap { $0.listMembers() }
        if forwarded.isEmpty { return (address, fields.isEmpty) }
        for text in forwarded.suffix(Self.maximumProxies).reversed() {
            guard let hop = ClientAddress(forwarded: text) else { return (address, false) }
            address = hop
            guard isTrusted(address) else { break }
        }
        return (address, true)
    }

    /// Whether the request came to a trusted proxy over TLS (`X-Forwarded-Proto`, which a proxy sets, not appends to).
    func isEncrypted(_ request: Request, from peer: SocketAddress?) -> Bool {
        guard let proxy = peer.flatMap(ClientAddress.init), isTrusted(proxy) else { return false }
        return request.headers[values: .forwardedProto].map { $0.lowercased() } == ["https"]
    }

    private func isTrusted(_ address: ClientAddress) -> Bool {
        ranges.contains { $0.contains(address) }
    }
}

extension TrustedProxies: CustomStringConvertible {
    public var description: String {
        ranges.isEmpty ? "none" : ranges.map(\.description).joined(separator: ", ")
    }
}

extension ClientAddress {
    /// Parses a member of `X-Forwarded-For`, where some proxies add the client's port: `192.0.2.1:50123`,
    /// `[2001:db8::1]:50123`.
    fileprivate init?(forwarded text: Substring) {
        // An IPv4 address has four bytes and dots, so a single colon is the port's.
        guard let match = text.utf8.count <= 64 ? text.wholeMatch(of: /\[([^\]]*)\](?::\d+)?|([^:]*):\d+/) : nil else {
            self.init(text: text)
            return
        }
        self.init(text: match.output.1 ?? match.output.2 ?? "")
    }

    init?(_ address: SocketAddress) {
        // The offsets of the address in `sockaddr_in` and `sockaddr_in6`.
        let range: Range<Int>
        switch address {
        case .v4: range = 4..<8
        case .v6: range = 8..<24
        case .unixDomainSocket: return nil
        }
        self.init(
            bytes: address.withSockAddr { pointer, size in
                Array(UnsafeRawBufferPointer(start: pointer, count: size)[range])
            })
    }
}
