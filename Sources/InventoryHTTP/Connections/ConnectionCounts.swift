import NIOCore
import Synchronization

/// Counts the connections, in all and from each address.
final class ConnectionCounts: Sendable {
    /// Whose connections are counted together.
    private enum Source: Hashable {
        case ipv4(UInt32)
        /// The network, the first 64 bits: it is what one client gets, with all the addresses in it.
        case ipv6(UInt64)

        init?(_ address: SocketAddress?) {
            switch address {
            case .v4(let address):
                // Of a `sockaddr_in`, the address is bytes 4 to 8; of a `sockaddr_in6`, it is bytes 8 to 24.
                self = withUnsafeBytes(of: address.address) {
                    .ipv4($0.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
                }
            case .v6(let address):
                self = withUnsafeBytes(of: address.address) { bytes in
                    let network = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                    let isIPv4 = network == 0 && bytes[16..<20].elementsEqual([0, 0, 0xFF, 0xFF])
                    // ::ffff:a.b.c.d is an IPv4 client of a socket that listens to both.
                    return isIPv4 ? .ipv4(bytes.loadUnaligned(fromByteOffset: 20, as: UInt32.self)) : .ipv6(network)
                }
            case .unixDomainSocket, nil:
                return nil
            }
        }
    }

    private struct Counts {
        var total = 0
        var bySource: [Source: Int] = [:]
    }

    private let limits: ConnectionLimits
    private let counts = Mutex(Counts())

    init(_ limits: ConnectionLimits) {
        self.limits = limits
    }

    /// Counts one more connection, unless there are too many; then it has to `leave` again.
    func enter(from address: SocketAddress?) -> Bool {
        let source = Source(address)
        return counts.withLock { counts in
            guard counts.total < limits.total else { return false }
            if let source {
                guard counts.bySource[source, default: 0] < limits.perAddress else { return false }
                counts.bySource[source, default: 0] += 1
            }
            counts.total += 1
            return true
        }
    }

    func leave(from address: SocketAddress?) {
        counts.withLock { counts in
            counts.total -= 1
            precondition(counts.total >= 0, "a connection leaves once")
            guard let source = Source(address), let count = counts.bySource[source] else { return }
            counts.bySource[source] = count > 1 ? count - 1 : nil
        }
    }
}
