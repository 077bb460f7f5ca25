/// How a remote ledger retries requests.
public struct RetryPolicy: Sendable {
    /// The maximum number of attempts.
    public var attempts: Int
    /// The wait before the second attempt; it doubles from one to the next.
    public var firstDelay: Duration
    /// The maximum wait. If the server requires a longer one, the request is not retried.
    public var maximumDelay: Duration
    /// The maximum total wait of a request because of rate limits (429), which do not count as attempts.
    public var maximumRateLimitWait: Duration

    public init(
        attempts: Int = 5, firstDelay: Duration = .milliseconds(200), maximumDelay: Duration = .seconds(5),
        maximumRateLimitWait: Duration = .zero
    ) {
        precondition(attempts >= 1, "a request is sent at least once")
        self.attempts = attempts
        self.firstDelay = firstDelay
        self.maximumDelay = maximumDelay
        self.maximumRateLimitWait = maximumRateLimitWait
    }
    /// - Parameters:
    ///   - backoff: The client's own wait.
    ///   - retryAfter: The wait that the server requires.
    /// - Returns: The wait after a number of attempts; `nil` to give up.
    func delay(after attempts: Int, backoff: Duration, retryAfter: Duration?) -> Duration? {
        let wait = max(backoff, retryAfter ?? .zero)
        return attempts < self.attempts && wait <= maximumDelay ? wait : nil
    }
}
