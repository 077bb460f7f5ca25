internal import NIOCore

/// How long to leave a server alone that could not be reached or hung up: twice as long after each failure, up to a
/// limit, and up to half of that less by chance, so that many clients do not come back at once.
struct Backoff {
    static let first: TimeAmount = .milliseconds(50)
    static let maximum: TimeAmount = .seconds(2)
    /// A connection that ends sooner counts as a failure: a server that accepts and hangs up is not one that works.
    static let shortestSuccess: TimeAmount = .seconds(1)

    private var next = first
    private var connectedAt: NIODeadline?

    mutating func connected(at now: NIODeadline) {
        connectedAt = now
    }

    /// - Parameter chance: From 0.5 to 1.
    /// - Returns: When to try again.
    mutating func lost(at now: NIODeadline, chance: Double = .random(in: 0.5...1)) -> TimeAmount {
        if let connectedAt, now - connectedAt >= Self.shortestSuccess { next = Self.first }
        connectedAt = nil
        defer { next = min(next * 2, Self.maximum) }
        return .nanoseconds(Int64(Double(next.nanoseconds) * chance))
    }
}
