import Testing

@testable import RateLimiting

@Suite("Buckets of permits")
struct BucketsTests {
    @Test("two instances under more load than the policy allows admit what it allows", arguments: [100, 1_000, 20_000])
    func sharedRate(permitsPerSecond: Int) {
        let policy = RatePolicy(permitsPerSecond: permitsPerSecond)
        var world = World(policy, instances: 2)
        let admitted = world.run(seconds: 10, requestsPerSecond: 3 * permitsPerSecond)
        let allowed = 10 * permitsPerSecond
        #expect((allowed * 95 / 100...allowed * 105 / 100).contains(admitted), "\(admitted) of \(allowed)")
    }

    @Test("one busy instance beside an idle one gets nearly all")
    func uneven() {
        var world = World(RatePolicy(permitsPerSecond: 1_000), instances: 2)
        world.weights = [1, 0]
        let admitted = world.run(seconds: 10, requestsPerSecond: 5_000)
        #expect((9_500...10_500).contains(admitted), "\(admitted)")
    }

    @Test("who keeps below the rate is never refused")
    func belowTheRate() {
        var world = World(RatePolicy(permitsPerSecond: 1_000), instances: 2)
        let admitted = world.run(seconds: 5, requestsPerSecond: 900)
        #expect(admitted == 4_500)
    }

    @Test("without a source each instance gives its share")
    func sourceDown() {
        var world = World(RatePolicy(permitsPerSecond: 1_000), instances: 2)
        _ = world.run(seconds: 1, requestsPerSecond: 5_000)
        world.sourceIsUp = false
        let admitted = world.run(seconds: 10, requestsPerSecond: 5_000)
        #expect((9_500...10_500).contains(admitted), "\(admitted)")
    }

    @Test("a burst is admitted at once, and no more than that")
    func burst() {
        var buckets = Buckets(capacity: 10)
        let policy = RatePolicy(permitsPerSecond: 10, burst: 50)
        let now = ContinuousClock.now
        let decisions = (0..<60).map { _ in buckets.take(1, from: .someone, policy, at: now) }
        #expect(decisions.filter(\.isAdmitted).count == 50)
        #expect(decisions[0].limitField == #""reads";r=10;t=0"#)
        #expect(decisions[59].limitField == #""reads";r=0;t=1"#)
        #expect(decisions[59].policyField == #""reads";q=10;w=1"#)
    }

    @Test("what costs more than is there is admitted once, and keeps the next waiting until it is paid for")
    func dearRequest() throws {
        var buckets = Buckets(capacity: 10)
        var source = GCRA(now: .now)
        let policy = RatePolicy(permitsPerSecond: 10, burst: 10)
        let now = ContinuousClock.now
        #expect(buckets.take(110, from: .someone, policy, at: now).isAdmitted == true)
        let requests = buckets.requests()
        #expect(requests.map(\.owed) == [110])
        buckets.apply((requests.map { source.take($0, at: now) }, 1), to: requests, at: now)
        let next = buckets.take(1, from: .someone, policy, at: now)
        #expect(next.retryAfter == 11)
        let early = buckets.take(1, from: .someone, policy, at: now + .seconds(10))
        #expect(early.isAdmitted == false)
        let late = buckets.take(1, from: .someone, policy, at: now + .milliseconds(10_150))
        #expect(late.isAdmitted == true)
    }

    @Test("with more buckets than fit, those that are full again are forgotten first")
    func capacity() {
        var buckets = Buckets(capacity: 2)
        let policy = RatePolicy(permitsPerSecond: 1, burst: 1)
        let now = ContinuousClock.now
        #expect(buckets.take(1, from: .principal("a", .read), policy, at: now).isAdmitted == true)
        buckets.apply(nil, to: buckets.requests(), at: now)
        let later = now + .seconds(5)
        #expect(buckets.take(1, from: .principal("b", .read), policy, at: later).isAdmitted == true)
        buckets.apply(nil, to: buckets.requests(), at: later)
        #expect(buckets.take(1, from: .principal("c", .read), policy, at: later).isAdmitted == true)
        #expect(buckets.take(1, from: .principal("b", .read), policy, at: later).isAdmitted == false)
    }
}

/// Instances that share a source, in a time of their own.
private struct World: ~Copyable {
    let policy: RatePolicy
    var weights: [Int]
    var sourceIsUp = true
    private var one = Buckets(capacity: 10)
    private var two = Buckets(capacity: 10)
    private var now = ContinuousClock.now
    private var source: GCRA

    init(_ policy: RatePolicy, instances: Int) {
        self.policy = policy
        weights = Array(repeating: 1, count: instances)
        source = GCRA(now: now)
    }

    /// Ticks of 20 ms: requests come in, then permits are fetched.
    mutating func run(seconds: Int, requestsPerSecond: Int) -> Int {
        var admitted = 0
        for tick in 0..<(seconds * 50) {
            let until = requestsPerSecond * (tick + 1) / 50
            for request in (requestsPerSecond * tick / 50)..<until {
                let isOne = request % weights.reduce(0, +) < weights[0]
                let decision =
                    isOne
                    ? one.take(1, from: .someone, policy, at: now) : two.take(1, from: .someone, policy, at: now)
                if decision.isAdmitted { admitted += 1 }
            }
            now += .milliseconds(20)
            Self.fetch(&one, &source, now, sourceIsUp)
            Self.fetch(&two, &source, now, sourceIsUp)
        }
        return admitted
    }

    private static func fetch(
        _ buckets: inout Buckets, _ source: inout GCRA, _ now: ContinuousClock.Instant, _ sourceIsUp: Bool
    ) {
        let requests = buckets.requests()
        let grants = requests.map { source.take($0, at: now) }
        buckets.apply(sourceIsUp ? (grants, 2) : nil, to: requests, at: now)
    }
}

extension BucketName {
    fileprivate static let someone = BucketName.principal("key:a", .read)
}
