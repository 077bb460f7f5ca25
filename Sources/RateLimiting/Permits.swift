/// A bucket's request for permits.
public struct PermitRequest: Hashable, Sendable {
    public let bucket: BucketName
    public let policy: RatePolicy
    /// Permits that were granted on credit: taken even if none are left.
    public let owed: Int
    /// Permits to be granted ahead of use, if they are available.
    public let wanted: Int
}

/// The source's grant to a bucket.
public struct PermitGrant: Hashable, Sendable {
    /// How many of the wanted permits were granted.
    public let granted: Int
    /// How many more permits are available to all instances.
    public let left: Int
    /// The time until the next permit is available.
    public let wait: Duration

    public init(granted: Int, left: Int, wait: Duration) {
        self.granted = granted
        self.left = left
        self.wait = wait
    }
}

/// The source of permits that all instances share.
public protocol PermitSource: Sendable {
    /// - Returns: A grant for each request, and the number of instances; `nil` if the source is unreachable.
    func permits(for requests: [PermitRequest]) async -> (grants: [PermitGrant], instances: Int)?
}

/// The owner of a bucket's permits.
public enum BucketName: Hashable, Sendable {
    case principal(String, RequestKind)
    case address(ClientAddress)
    /// Many networks of IPv6.
    case site(ClientAddress)

    /// The name of the policy.
    var policy: String {
        switch self {
        case .principal(_, let kind): kind.rawValue
        case .address, .site: "address"
        }
    }
}

/// The generic cell rate algorithm in its virtual scheduling form (ITU-T I.371, annex A), whose state is one moment.
struct GCRA: Sendable {
    /// When the last of the taken permits is replenished, at the policy's rate.
    private var theoreticalArrival: ContinuousClock.Instant

    init(now: ContinuousClock.Instant) {
        theoreticalArrival = now
    }

    mutating func take(_ request: PermitRequest, at now: ContinuousClock.Instant) -> PermitGrant {
        let policy = request.policy
        theoreticalArrival = max(theoreticalArrival, now) + policy.time(for: request.owed)
        // A millionth of a permit compensates for rounding.
        let ahead = (theoreticalArrival - now) / .seconds(1) * Double(policy.permitsPerSecond)
        let room = Int((Double(policy.burst) - ahead + 1e-6).rounded(.down))
        let granted = max(0, min(room, request.wanted))
        theoreticalArrival += policy.time(for: granted)
        let wait = granted > 0 ? .zero : policy.time(for: max(0, 1 - room))
        return PermitGrant(granted: granted, left: max(0, room - granted), wait: wait)
    }
}
