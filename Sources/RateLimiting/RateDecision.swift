/// Whether a request is admitted, and its response headers (draft-ietf-httpapi-ratelimit-headers-11).
public struct RateDecision: Hashable, Sendable {
    /// How long the sender should wait; `nil` if the request is admitted.
    public let wait: Duration?
    /// The policy's name: `reads`, `writes` or `address`.
    public let policyName: String
    /// Such as `"reads";q=2000;w=1`: quota and window in seconds.
    public let policyField: String
    private let policy: RatePolicy
    private let remaining: Int

    /// - Parameter policyField: From `policyField(of:)`, made once for many decisions.
    init(_ bucket: BucketName, _ policy: RatePolicy, policyField: String, remaining: Int, wait: Duration?) {
        self.wait = wait
        policyName = bucket.policy
        self.policyField = policyField
        self.policy = policy
        self.remaining = max(0, min(remaining, policy.burst, policy.permitsPerSecond))
    }

    public var isAdmitted: Bool { wait == nil }

    static func policyField(of bucket: BucketName, _ policy: RatePolicy) -> String {
        "\"\(bucket.policy)\";q=\(policy.permitsPerSecond);w=1"
    }

    /// Such as `"reads";r=1523;t=1`: the remaining permits, and the seconds until all are back.
    public var limitField: String {
        let missing = min(policy.burst, policy.permitsPerSecond) - remaining
        let seconds = (max(0, missing) + policy.permitsPerSecond - 1) / policy.permitsPerSecond
        return "\"\(policyName)\";r=\(remaining);t=\(seconds)"
    }

    /// Whole seconds, at least one.
    public var retryAfter: Int {
        guard let wait else { return 0 }
        return max(1, Int((wait / .seconds(1)).rounded(.up)))
    }
}
