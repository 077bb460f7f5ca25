/// This instance's permits for all principals and addresses. Does no I/O: decides at once, and returns requests for the
/// source.
///
/// A bucket holds permits taken ahead of use. When it is empty, requests are admitted on credit while more permits are
/// requested, so none has to wait. The credit is owed to the source, so the rate holds in the long run.
struct Buckets: ~Copyable {
    private struct Bucket {
        var policy: RatePolicy
        /// The policy's response header.
        var policyField: String
        /// The available permits; negative if permits are owed.
        var available = 0
        /// How far below zero it may go until the next grant.
        var credit: Int
        /// What the source had left at the last grant.
        var left: Int
        /// The source has no permits before this.
        var emptyUntil: ContinuousClock.Instant?
        var isDue = false
        /// After this, the bucket can be removed without effect.
        var fullAt: ContinuousClock.Instant
        /// Replaces the source while that is unreachable.
        var substitute: GCRA
    }

    /// A full bucket has the permits of this time.
    private static let block = Duration.milliseconds(100)
    /// The expected time of a request to the source: credit covers the permits of this time.
    private static let lead = Duration.milliseconds(50)

    private static let maximumRequests = 500

    private let capacity: Int
    private var buckets: [BucketName: Bucket] = [:]
    private var due: [BucketName] = []
    /// How many instances share the rates.
    private var instances = 1

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Takes permits if there is at least one. If the cost is higher, the rest is owed, and delays later requests.
    mutating func take(
        _ cost: Int, from name: BucketName, _ policy: RatePolicy, at now: ContinuousClock.Instant
    ) -> RateDecision {
        var bucket = bucket(name, policy, now)
        defer { buckets[name] = bucket }
        if let emptyUntil = bucket.emptyUntil, bucket.available <= 0 {
            if now < emptyUntil { return refusal(name, bucket, wait: emptyUntil - now) }
            bucket.emptyUntil = nil
        }
        guard bucket.available > -bucket.credit else {
            request(name, &bucket)
            return refusal(name, bucket, wait: policy.time(for: 1))
        }
        bucket.available -= cost
        bucket.fullAt = max(bucket.fullAt, now) + policy.time(for: cost)
        if bucket.available < policy.permits(in: Self.block) / 2 { request(name, &bucket) }
        return RateDecision(
            name, policy, policyField: bucket.policyField, remaining: bucket.available + bucket.left, wait: nil)
    }

    /// Returns a permit that was taken in vain.
    mutating func putBack(into name: BucketName) {
        buckets[name]?.available += 1
    }

    /// The next batch of requests to the source; `apply` must follow.
    mutating func requests() -> [PermitRequest] {
        let batch = due.prefix(Self.maximumRequests)
        due.removeFirst(batch.count)
        return batch.compactMap { name in
            guard let bucket = buckets[name] else { return nil }
            let wanted = min(bucket.policy.permits(in: Self.block), bucket.policy.burst) - max(0, bucket.available)
            return PermitRequest(
                bucket: name, policy: bucket.policy, owed: max(0, -bucket.available), wanted: max(0, wanted))
        }
    }

    /// - Parameter reply: `nil` if the source was unreachable: then this instance grants its share.
    mutating func apply(
        _ reply: (grants: [PermitGrant], instances: Int)?, to requests: [PermitRequest],
        at now: ContinuousClock.Instant
    ) {
        instances = reply?.instances ?? instances
        for (index, request) in requests.enumerated() {
            guard var bucket = buckets[request.bucket] else { continue }
            let grant = reply?.grants[index] ?? substituteGrant(for: request, &bucket, now)
            bucket.isDue = false
            bucket.available += request.owed + grant.granted
            bucket.left = grant.left
            bucket.credit = max(1, (grant.left + request.policy.permits(in: Self.lead)) / instances)
            bucket.emptyUntil = grant.granted == 0 && grant.wait > .zero ? now + max(grant.wait, Self.lead / 2) : nil
            let missing = request.policy.burst - grant.left
            bucket.fullAt = max(bucket.fullAt, now + request.policy.time(for: max(0, missing)) + grant.wait)
            buckets[request.bucket] = bucket
        }
    }

    private func substituteGrant(
        for request: PermitRequest, _ bucket: inout Bucket, _ now: ContinuousClock.Instant
    ) -> PermitGrant {
        let share = PermitRequest(
            bucket: request.bucket, policy: request.policy.share(of: instances), owed: request.owed,
            wanted: request.wanted)
        return bucket.substitute.take(share, at: now)
    }

    private mutating func bucket(
        _ name: BucketName, _ policy: RatePolicy, _ now: ContinuousClock.Instant
    ) -> Bucket {
        if var bucket = buckets[name] {
            if bucket.policy != policy {
                bucket.policy = policy
                bucket.policyField = RateDecision.policyField(of: name, policy)
            }
            return bucket
        }
        if buckets.count >= capacity {
            buckets = buckets.filter { $0.value.fullAt > now || $0.value.isDue }
            // Still full: start over. Available permits are lost, and owed ones forgiven.
            if buckets.count >= capacity { (buckets, due) = ([:], []) }
        }
        // The bucket has not been used for long, so the source is most likely full.
        let share = max(1, policy.burst / instances)
        return Bucket(
            policy: policy, policyField: RateDecision.policyField(of: name, policy), credit: share, left: share,
            fullAt: now, substitute: GCRA(now: now))
    }

    private mutating func request(_ name: BucketName, _ bucket: inout Bucket) {
        guard !bucket.isDue else { return }
        bucket.isDue = true
        due.append(name)
    }

    private func refusal(_ name: BucketName, _ bucket: Bucket, wait: Duration) -> RateDecision {
        RateDecision(
            name, bucket.policy, policyField: bucket.policyField, remaining: 0, wait: max(wait, .milliseconds(1)))
    }
}
