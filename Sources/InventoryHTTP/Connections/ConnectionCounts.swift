import NIOCore
import RateLimiting
import Synchronization

/// Counts the connections, in total and per client address.
final class ConnectionCounts: Sendable {
    private struct Counts {
        var total = 0
        /// IPv6 addresses count by /64 network, because one client usually has a whole network.
        var byNetwork: [ClientAddress: Int] = [:]
    }

    private let limits: ConnectionLimits
    private let counts = Mutex(Counts())

    init(_ limits: ConnectionLimits) {
        self.limits = limits
    }

    /// Counts a connection unless there are too many. If it returns `true`, `leave` must be called later.
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
            precondition(counts.total >= 0, "leave is called once per connection")
            guard let network = address.flatMap(ClientAddress.init)?.network, let count = counts.byNetwork[network]
            else { return }
            counts.byNetwork[network] = count > 1 ? count - 1 : nil
        }
    }
}
