/// What this instance knows of everybody's permits. Pure bookkeeping: it decides at once, and says what is to be asked.
///
/// A bucket holds permits that were taken ahead of use. Who comes when it is empty is admitted on credit while more are
/// asked for, so that nobody waits; what was given on credit is owed to the source, so in the long run no more is given
/// than comes.
struct Buckets: ~Copyable {
    private struct Bucket {
        var policy: RatePolicy
        /// What senders are told of it.
        var policyField: String
        /// Permits in hand; below zero, permits that are owed.
        var available = 0
        /// How far below zero it may go before more is known.
        var credit: Int
        /// What the source had left.
        var left: Int
        /// Before this, the source has nothing.
        var emptyUntil: ContinuousClock.Instant?
        var isDue = false
        /// From then on, forgetting it makes no difference.
        var fullAt: ContinuousClock.Instant
        /// Takes the place of a source that cannot be asked.
        var substitute: GCRA
    }

    /// What a bucket has in hand when it is full: permits of this time.
    private static let block = Duration.milliseconds(100)
    /// What comes while more is asked for: permits of this time.
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

    /// Takes permits if there is one at all: what costs more than is there is paid later, and keeps others waiting.
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
            ask(name, &bucket)
            return refusal(name, bucket, wait: policy.time(for: 1))
        }
        bucket.available -= cost
        bucket.fullAt = max(bucket.fullAt, now) + policy.time(for: cost)
        if bucket.available < policy.permits(in: Self.block) / 2 { ask(name, &bucket) }
        return RateDecision(
            name, policy, policyField: bucket.policyField, remaining: bucket.available + bucket.left, wait: nil)
    }

    /// Takes back a permit that turned out not to be due.
    mutating func putBack(into name: BucketName) {
        buckets[name]?.available += 1
    }

    /// What is to be asked of the source in one go; `apply` has to follow.
    mutating func requests() -> [PermitRequest] {
        let asking = due.prefix(Self.maximumRequests)
        due.removeFirst(asking.count)
        return asking.compactMap { name in
            guard let bucket = buckets[name] else { return nil }
            let wanted = min(bucket.policy.permits(in: Self.block), bucket.policy.burst) - max(0, bucket.available)
            return PermitRequest(
                bucket: name, policy: bucket.policy, owed: max(0, -bucket.available), wanted: max(0, wanted))
        }
    }

    /// - Parameter answer: `nil` if the source could not be asked: then this instance gives what is its share.
    mutating func apply(
        _ answer: (grants: [PermitGrant], instances: Int)?, to requests: [PermitRequest],
        at now: ContinuousClock.Instant
    ) {
        instances = answer?.instances ?? instances
        for (index, request) in requests.enumerated() {
            guard var bucket = buckets[request.bucket] else { continue }
            let grant = answer?.grants[index] ?? substituteGrant(for: request, &bucket, now)
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
            // Still full: start over. What was in hand is lost, and what is owed is forgiven.
            if buckets.count >= capacity { (buckets, due) = ([:], []) }
        }
        // Nobody has been here for long, so the source is most likely full.
        let share = max(1, policy.burst / instances)
        return Bucket(
            policy: policy, policyField: RateDecision.policyField(of: name, policy), credit: share, left: share,
            fullAt: now, substitute: GCRA(now: now))
    }

    private mutating func ask(_ name: BucketName, _ bucket: inout Bucket) {
        guard !bucket.isDue else { return }
        bucket.isDue = true
        due.append(name)
    }

    private func refusal(_ name: BucketName, _ bucket: Bucket, wait: Duration) -> RateDecision {
        RateDecision(
            name, bucket.policy, policyField: bucket.policyField, remaining: 0, wait: max(wait, .milliseconds(1)))
    }
}
