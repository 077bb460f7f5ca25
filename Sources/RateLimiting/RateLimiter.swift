public import Access
import Inventory
public import ServiceLifecycle
import Synchronization

/// Decides whether a request is within its sender's rate, without waiting.
///
/// All instances share the rates through a source of permits. Each takes blocks of permits ahead of use, in one round
/// trip for all senders; while the source is unreachable, each grants its share. Runs as a service, which fetches
/// permits.
public final class RateLimiter: Service {
    private let policies: RatePolicies
    private let source: (any PermitSource)?
    private let buckets: Mutex<Buckets>

    private static let interval = Duration.milliseconds(20)

    /// - Parameters:
    ///   - source: Shared by the instances; `nil` for a single instance.
    ///   - capacity: The maximum number of principals and addresses in memory.
    public init(policies: RatePolicies, source: (any PermitSource)?, capacity: Int = 100_000) {
        self.policies = policies
        self.source = source
        buckets = Mutex(Buckets(capacity: capacity))
    }

    /// Takes a permit for a request of a principal.
    public func admit(_ principal: Principal, _ kind: RequestKind) -> RateDecision {
        take(1, from: .principal(principal.id, kind), policies.policy(for: principal, kind))
    }

    /// Takes a permit for an unauthenticated request: from an IPv6 address, of its /64 network and of its /48.
    public func admit(_ address: ClientAddress) -> RateDecision {
        let decision = take(1, from: .address(address.network), policies.address)
        guard decision.isAdmitted, let site = address.site else { return decision }
        let siteDecision = take(1, from: .site(site), policies.site)
        if siteDecision.isAdmitted { return decision }
        buckets.withLock { $0.putBack(into: .address(address.network)) }
        return siteDecision
    }

    /// Returns the permit of an address, because the request's principal has its own permits.
    public func putBack(_ address: ClientAddress) {
        buckets.withLock { buckets in
            buckets.putBack(into: .address(address.network))
            if let site = address.site { buckets.putBack(into: .site(site)) }
        }
    }

    /// Charges an admitted request's cost beyond its first permit.
    public func charge(_ cost: Int, to principal: Principal, _ kind: RequestKind) {
        guard cost > 0 else { return }
        _ = take(cost, from: .principal(principal.id, kind), policies.policy(for: principal, kind))
    }

    /// Charges an admitted request the permits that are replenished in a time.
    public func charge(_ time: Duration, to principal: Principal, _ kind: RequestKind) {
        charge(policies.policy(for: principal, kind).permits(in: time) - 1, to: principal, kind)
    }

    public func run() async {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: Self.interval)) != nil { await self.fetch() }
        }
    }

    func fetch() async {
        let requests = buckets.withLock { $0.requests() }
        guard !requests.isEmpty else { return }
        let reply = await source?.permits(for: requests)
        buckets.withLock { $0.apply(reply, to: requests, at: .now) }
    }

    private func take(_ cost: Int, from bucket: BucketName, _ policy: RatePolicy) -> RateDecision {
        buckets.withLock { $0.take(cost, from: bucket, policy, at: .now) }
    }
}
