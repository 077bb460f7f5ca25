/// How long a ledger tries before it gives up.
public struct RetryPolicy: Sendable {
    /// How often a request is sent at most.
    public var attempts: Int
    /// The wait before the second attempt; it doubles from one to the next.
    public var firstDelay: Duration
    /// The longest wait, also if the server asks for a longer one: then its answer stands.
    public var maximumDelay: Duration
    /// How long a request waits in sum because its sender sends more than it may (429). That is no failure, so it counts as
    /// no attempt.
    public var patience: Duration

    public init(
        attempts: Int = 5, firstDelay: Duration = .milliseconds(200), maximumDelay: Duration = .seconds(5),
        patience: Duration = .zero
    ) {
        precondition(attempts >= 1, "a request is sent once at least")
        self.attempts = attempts
        self.firstDelay = firstDelay
        self.maximumDelay = maximumDelay
        self.patience = patience
    }

    /// How long to wait after the given attempt, counted from 1; `nil` to give up.
    /// - Parameters:
    ///   - retryAfter: What the server asked for.
    ///   - jitter: From 0 to 1: keeps clients that failed together from coming back together.
    func delay(after attempt: Int, retryAfter: Duration?, jitter: Double) -> Duration? {
        guard attempt < attempts else { return nil }
        if let retryAfter, retryAfter > maximumDelay { return nil }
        let doubled = firstDelay * (1 << min(attempt - 1, 16))
        let backoff = min(doubled, maximumDelay) * (0.5 + jitter / 2)
        return max(backoff, retryAfter ?? .zero)
    }
}
