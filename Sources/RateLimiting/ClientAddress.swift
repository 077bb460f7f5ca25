import Foundation

/// An IP address: IPv6, or IPv4 mapped to IPv6 (RFC 4291, section 2.5.5.2).
public struct ClientAddress: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    private static let mappedPrefix: UInt64 = 0xFFFF_0000_0000

    /// - Parameter bytes: 4 for IPv4 or 16 for IPv6, in network order.
    public init?(bytes: some Collection<UInt8>) {
        func number(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: (high, low) = (0, Self.mappedPrefix | number(bytes))
        case 16: (high, low) = (number(bytes.prefix(8)), number(bytes.dropFirst(8)))
        default: return nil
        }
    }

    /// Parses `192.0.2.1` or `2001:db8::1`.
    public init?(text: some StringProtocol) {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard !text.utf8.contains(0) else { return nil }
        if inet_pton(AF_INET, String(text), &bytes) == 1 {
            self.init(bytes: bytes.prefix(4))
        } else if inet_pton(AF_INET6, String(text), &bytes) == 1 {
            self.init(bytes: bytes)
        } else {
            return nil
        }
    }

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    var isIPv4: Bool { high == 0 && low >> 32 == Self.mappedPrefix >> 32 }

    package var bits: (high: UInt64, low: UInt64) { (high, low) }

    /// 127.0.0.0/8 or ::1.
    public var isLoopback: Bool { isIPv4 ? low >> 24 & 0xFF == 127 : high == 0 && low == 1 }

    /// The network that one customer usually gets: an IPv4 address, or an IPv6 /64.
    public var network: ClientAddress { isIPv4 ? self : ClientAddress(high: high, low: 0) }

    /// An IPv4 address, or an IPv6 /48.
    public var siteOrSelf: ClientAddress { site ?? self }

    /// The network that a company, or an attacker at a hoster, gets, to choose networks from: an IPv6 /48.
    var site: ClientAddress? { isIPv4 ? nil : ClientAddress(high: high & ~0xFFFF, low: 0) }
}

extension ClientAddress: CustomStringConvertible {
    /// Such as `192.0.2.1`, or eight groups.
    public var description: String {
        if isIPv4 { return (0..<4).map { String(low >> (24 - 8 * $0) & 0xFF) }.joined(separator: ".") }
        return (0..<8).map { String(($0 < 4 ? high : low) >> (48 - 16 * ($0 % 4)) & 0xFFFF, radix: 16) }
            .joined(separator: ":")
    }
}

/// Addresses that begin with the same bits, such as `10.0.0.0/8`.
public struct AddressRange: Hashable, Sendable {
    private let first: ClientAddress
    private let bits: Int

    /// - Parameter bits: 0 to 32 for IPv4, 0 to 128 for IPv6.
    public init?(_ address: ClientAddress, bits: Int) {
        guard (0...(address.isIPv4 ? 32 : 128)).contains(bits) else { return nil }
        first = address
        self.bits = address.isIPv4 ? bits + 96 : bits
    }

    /// Parses `10.0.0.0/8`, or a single address.
    public init?(text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = ClientAddress(text: parts[0]) else { return nil }
        let maximum = parts[0].contains(":") ? 128 : 32
        guard let bits = parts.count == 1 ? maximum : Int(parts[1]) else { return nil }
        self.init(address, bits: bits)
    }

    public func contains(_ address: ClientAddress) -> Bool {
        let highMask = bits >= 64 ? UInt64.max : ~(UInt64.max >> UInt64(bits))
        let lowMask = bits <= 64 ? 0 : bits == 128 ? UInt64.max : ~(UInt64.max >> UInt64(bits - 64))
        return (address.high ^ first.high) & highMask == 0 && (address.low ^ first.low) & lowMask == 0
    }
}

extension AddressRange: CustomStringConvertible {
    /// Such as `10.0.0.0/8`.
    public var description: String { "\(first)/\(first.isIPv4 ? bits - 96 : bits)" }
}
