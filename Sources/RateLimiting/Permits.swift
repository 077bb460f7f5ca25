/// Permits that a bucket asks for.
public struct PermitRequest: Hashable, Sendable {
    public let bucket: BucketName
    public let policy: RatePolicy
    /// Permits that were given on credit: they are taken even if there are none.
    public let owed: Int
    /// Permits to be given ahead of use, as far as there are any.
    public let wanted: Int
}

/// What a bucket gets.
public struct PermitGrant: Hashable, Sendable {
    /// Of the permits that were wanted.
    public let granted: Int
    /// What is left to be granted now, to whomever.
    public let left: Int
    /// How long it takes until there is one.
    public let wait: Duration

    public init(granted: Int, left: Int, wait: Duration) {
        self.granted = granted
        self.left = left
        self.wait = wait
    }
}

/// The permits that all instances take from.
public protocol PermitSource: Sendable {
    /// - Returns: A grant for each request, and how many instances take permits; `nil` if the source cannot be asked.
    func permits(for requests: [PermitRequest]) async -> (grants: [PermitGrant], instances: Int)?
}

/// Whose permits they are.
public enum BucketName: Hashable, Sendable {
    case principal(String, RequestKind)
    case address(ClientAddress)

    /// The name of the policy.
    var policy: String {
        switch self {
        case .principal(_, let kind): kind.rawValue
        case .address: "address"
        }
    }
}

/// The generic cell rate algorithm in its virtual scheduling form (ITU-T I.371, annex A): one moment says all about the
/// permits that were taken.
struct GCRA: Sendable {
    /// When the last of the permits that were taken would have come, at the policy's rate.
    private var theoreticalArrival: ContinuousClock.Instant

    init(now: ContinuousClock.Instant) {
        theoreticalArrival = now
    }

    mutating func take(_ request: PermitRequest, at now: ContinuousClock.Instant) -> PermitGrant {
        let policy = request.policy
        theoreticalArrival = max(theoreticalArrival, now) + policy.time(for: request.owed)
        // A millionth of a permit makes up for rounding.
        let ahead = (theoreticalArrival - now) / .seconds(1) * Double(policy.permitsPerSecond)
        let room = Int((Double(policy.burst) - ahead + 1e-6).rounded(.down))
        let granted = max(0, min(room, request.wanted))
        theoreticalArrival += policy.time(for: granted)
        let wait = granted > 0 ? .zero : policy.time(for: max(0, 1 - room))
        return PermitGrant(granted: granted, left: max(0, room - granted), wait: wait)
    }
}
