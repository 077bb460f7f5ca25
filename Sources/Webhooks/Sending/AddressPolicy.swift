public import RateLimiting

/// The addresses to which events may be sent: those of the public Internet, and those that the operator allows. Otherwise
/// a webhook could reach what only this machine can.
public struct AddressPolicy: Sendable {
    private let allowed: [AddressRange]

    public init(allowing allowed: [AddressRange] = []) {
        self.allowed = allowed
    }

    func allows(_ address: ClientAddress) -> Bool {
        allowed.contains { $0.contains(address) } || Self.isPublic(address)
    }

    /// Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries. An IPv4 address that is mapped to IPv6 is the
    /// IPv4 address itself.
    static func isPublic(_ address: ClientAddress) -> Bool {
        unicast.contains { $0.contains(address) } && !reserved.contains { $0.contains(address) }
    }

    /// All of IPv6 that is assigned to hosts, which leaves out loopback, link-local, unique local, multicast and what embeds
    /// IPv4; and IPv4.
    private static let unicast = [range([0x20], of: 16, bits: 3), range([0], of: 4, bits: 0)]

    private static let reserved: [AddressRange] = [
        // This network, private, shared by carriers, loopback, link-local, private.
        range([0], of: 4, bits: 8), range([10], of: 4, bits: 8), range([100, 64], of: 4, bits: 10),
        range([127], of: 4, bits: 8), range([169, 254], of: 4, bits: 16), range([172, 16], of: 4, bits: 12),
        // Protocols, documentation, relays of 6to4, private, benchmarks, documentation.
        range([192, 0, 0], of: 4, bits: 24), range([192, 0, 2], of: 4, bits: 24),
        range([192, 88, 99], of: 4, bits: 24), range([192, 168], of: 4, bits: 16), range([198, 18], of: 4, bits: 15),
        range([198, 51, 100], of: 4, bits: 24), range([203, 0, 113], of: 4, bits: 24),
        // Multicast, reserved.
        range([224], of: 4, bits: 4), range([240], of: 4, bits: 4),
        // Teredo and other protocols, documentation, 6to4, documentation.
        range([0x20, 0x01], of: 16, bits: 23), range([0x20, 0x01, 0x0D, 0xB8], of: 16, bits: 32),
        range([0x20, 0x02], of: 16, bits: 16), range([0x3F, 0xFF], of: 16, bits: 20),
    ]

    private static func range(_ first: [UInt8], of count: Int, bits: Int) -> AddressRange {
        let bytes = first + [UInt8](repeating: 0, count: count - first.count)
        guard let address = ClientAddress(bytes: bytes), let range = AddressRange(address, bits: bits) else {
            preconditionFailure("\(first) begins no range of addresses")
        }
        return range
    }
}
