public import Access

/// How many requests somebody may send: so many a second on average, and so many at once.
public struct RatePolicy: Hashable, Sendable {
    public static let maximumPerSecond = 10_000_000

    public let permitsPerSecond: Int
    public let burst: Int

    /// - Parameters:
    ///   - permitsPerSecond: 1 to 10,000,000.
    ///   - burst: 1 to 10,000,000; by default what comes in a quarter of a second, and at least 10.
    public init(permitsPerSecond: Int, burst: Int? = nil) {
        precondition((1...Self.maximumPerSecond).contains(permitsPerSecond), "a rate is 1 to 10,000,000 a second")
        let burst = burst ?? max(10, permitsPerSecond / 4)
        precondition((1...Self.maximumPerSecond).contains(burst), "a burst is 1 to 10,000,000")
        self.permitsPerSecond = permitsPerSecond
        self.burst = burst
    }

    /// The nearest rate to one that is stored: that may be any.
    fileprivate init(stored permitsPerSecond: Int) {
        self.init(permitsPerSecond: min(max(1, permitsPerSecond), Self.maximumPerSecond))
    }

    /// How many permits come in a while, at least one.
    func permits(in duration: Duration) -> Int {
        max(1, Int(Double(permitsPerSecond) * (duration / .seconds(1))))
    }

    /// How long it takes until so many permits have come.
    func time(for permits: Int) -> Duration {
        .seconds(Double(permits) / Double(permitsPerSecond))
    }

    /// What one of so many instances may give by itself.
    func share(of instances: Int) -> RatePolicy {
        RatePolicy(permitsPerSecond: max(1, permitsPerSecond / instances), burst: max(1, burst / instances))
    }
}

/// Which policy counts for whom.
public struct RatePolicies: Sendable {
    public struct Pair: Sendable {
        public var reads: RatePolicy?
        public var writes: RatePolicy?

        public init(reads: RatePolicy? = nil, writes: RatePolicy? = nil) {
            self.reads = reads
            self.writes = writes
        }
    }

    public var reads = RatePolicy(permitsPerSecond: 2_000)
    public var writes = RatePolicy(permitsPerSecond: 1_000)
    /// Of one client address, for requests whose sender is not known yet.
    public var address = RatePolicy(permitsPerSecond: 100, burst: 400)
    /// Instead of `reads` and `writes`, for principals of a role.
    public var roles: [Role: Pair] = [:]

    public init() {}

    /// A principal's own rate, that of the role, or that of all.
    func policy(for principal: Principal, _ kind: RequestKind) -> RatePolicy {
        switch kind {
        case .read:
            principal.rates.readsPerSecond.map(RatePolicy.init(stored:)) ?? roles[principal.role]?.reads ?? reads
        case .write:
            principal.rates.writesPerSecond.map(RatePolicy.init(stored:)) ?? roles[principal.role]?.writes ?? writes
        }
    }
}

/// What a request does, as far as rates go.
public enum RequestKind: String, Hashable, Sendable {
    case read = "reads"
    case write = "writes"
}
