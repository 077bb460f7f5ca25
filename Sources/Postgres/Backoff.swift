/// How long to leave a server alone that could not be reached: twice as long after each failure, up to a limit, and
/// up to half of that less by chance, so that many clients do not come back at once.
struct Backoff {
    static let first: Duration = .milliseconds(50)
    static let maximum: Duration = .seconds(1)

    private var next = first
    private var last: (failure: PostgresError, retryAt: ContinuousClock.Instant)?

    /// The failure that still counts, if it is too early to try again.
    func failure(at now: ContinuousClock.Instant) -> PostgresError? {
        guard let last, now < last.retryAt else { return nil }
        return last.failure
    }

    mutating func failed(_ failure: PostgresError, at now: ContinuousClock.Instant) {
        last = (failure, now + next * Double.random(in: 0.5...1))
        next = min(next * 2, Self.maximum)
    }

    mutating func succeeded() {
        self = Backoff()
    }
}
