public import Access

/// A rate limit: requests per second on average, and the burst size.
public struct RatePolicy: Hashable, Sendable {
    public static let maximumPerSecond = 10_000_000

    public let permitsPerSecond: Int
    public let burst: Int

    /// - Parameters:
    ///   - permitsPerSecond: 1 to 10,000,000.
    ///   - burst: 1 to 10,000,000; by default a quarter of a second's worth, at least 10.
    public init(permitsPerSecond: Int, burst: Int? = nil) {
        precondition((1...Self.maximumPerSecond).contains(permitsPerSecond), "a rate is 1 to 10,000,000 a second")
        let burst = burst ?? max(10, permitsPerSecond / 4)
        precondition((1...Self.maximumPerSecond).contains(burst), "a burst is 1 to 10,000,000")
        self.permitsPerSecond = permitsPerSecond
        self.burst = burst
    }

    /// Clamps a stored rate, which may be any number.
    fileprivate init(stored permitsPerSecond: Int) {
        self.init(permitsPerSecond: min(max(1, permitsPerSecond), Self.maximumPerSecond))
    }

    /// The permits replenished in a duration, at least one.
    func permits(in duration: Duration) -> Int {
        max(1, Int(Double(permitsPerSecond) * (duration / .seconds(1))))
    }

    /// The time to replenish a number of permits.
    func time(for permits: Int) -> Duration {
        .seconds(Double(permits) / Double(permitsPerSecond))
    }

    /// The share of one of several instances.
    func share(of instances: Int) -> RatePolicy {
        RatePolicy(permitsPerSecond: max(1, permitsPerSecond / instances), burst: max(1, burst / instances))
    }
}

/// The policies for principals, roles and addresses.
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
    /// For a client address, while its requests are unauthenticated.
    public var address = RatePolicy(permitsPerSecond: 100, burst: 400)
    /// For an IPv6 /48, of which a client may use any of 65,536 networks: sixteen times that of an address.
    var site: RatePolicy {
        func many(_ permits: Int) -> Int { min(16 * permits, RatePolicy.maximumPerSecond) }
        return RatePolicy(permitsPerSecond: many(address.permitsPerSecond), burst: many(address.burst))
    }
    /// Override `reads` and `writes` for principals of a role.
    public var roles: [Role: Pair] = [:]

    public init() {}

    /// A principal's own rate, else the role's, else the default.
    func policy(for principal: Principal, _ kind: RequestKind) -> RatePolicy {
        switch kind {
        case .read:
            principal.rates.readsPerSecond.map(RatePolicy.init(stored:)) ?? roles[principal.role]?.reads ?? reads
        case .write:
            principal.rates.writesPerSecond.map(RatePolicy.init(stored:)) ?? roles[principal.role]?.writes ?? writes
        }
    }
}

/// The kind of a request, which decides its rate.
public enum RequestKind: String, Hashable, Sendable {
    case read = "reads"
    case write = "writes"
}
