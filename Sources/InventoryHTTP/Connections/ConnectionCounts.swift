import NIOCore
import RateLimiting
import Synchronization

/// Counts the connections, in all and from each address.
final class ConnectionCounts: Sendable {
    private struct Counts {
        var total = 0
        /// Of IPv6, the network counts: it is what one client gets, with all the addresses in it.
        var byNetwork: [ClientAddress: Int] = [:]
    }

    private let limits: ConnectionLimits
    private let counts = Mutex(Counts())

    init(_ limits: ConnectionLimits) {
        self.limits = limits
    }

    /// Counts one more connection, unless there are too many; then it has to `leave` again.
    func enter(from address: SocketAddress?) -> Bool {
        let network = address.flatMap(ClientAddress.init)?.network
        return counts.withLock { counts in
            guard counts.total < limits.total else { return false }
            if let network {
                guard counts.byNetwork[network, default: 0] < limits.perAddress else { return false }
                counts.byNetwork[network, default: 0] += 1
            }
            counts.total += 1
            return true
        }
    }

    func leave(from address: SocketAddress?) {
        counts.withLock { counts in
            counts.total -= 1
            precondition(counts.total >= 0, "a connection leaves once")
            guard let network = address.flatMap(ClientAddress.init)?.network, let count = counts.byNetwork[network]
            else { return }
            counts.byNetwork[network] = count > 1 ? count - 1 : nil
        }
    }
}
