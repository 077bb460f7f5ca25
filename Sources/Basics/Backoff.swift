/// How long to wait before each of several attempts: twice as long after each failure, up to a limit, and up to half of
/// that less by chance, so that many clients that failed together do not come back together.
package struct Backoff: Sendable {
    private let first: Duration
    private let maximum: Duration
    private var next: Duration

    package init(from first: Duration, upTo maximum: Duration) {
        self.first = first
        self.maximum = maximum
        next = first
    }

    /// - Parameter chance: From 0.5 to 1.
    package mutating func delay(chance: Double = .random(in: 0.5...1)) -> Duration {
        defer { next = min(next * 2, maximum) }
        return next * chance
    }

    /// After a success.
    package mutating func reset() { next = first }
}
