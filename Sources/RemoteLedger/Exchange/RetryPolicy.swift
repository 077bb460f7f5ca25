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
    /// - Parameters:
    ///   - backoff: How long to wait for its own sake.
    ///   - retryAfter: What the server asked for.
    /// - Returns: How long to wait after so many attempts; `nil` to give up.
    func delay(after attempts: Int, backoff: Duration, retryAfter: Duration?) -> Duration? {
        let wait = max(backoff, retryAfter ?? .zero)
        return attempts < self.attempts && wait <= maximumDelay ? wait : nil
    }
}
