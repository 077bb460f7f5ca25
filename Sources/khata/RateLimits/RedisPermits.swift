import Basics
import RateLimiting
import Redis

/// Permits in Redis: for each bucket the moment of `GCRA`, by Redis's clock, and when it was written: if the clock has
/// been set back since, the moment is, too. All keys have one tag, so that a cluster has them in one slot.
struct RedisPermits: PermitSource {
    private let client: RedisClient
    private static let maximumInstances: Int64 = 10_000
    private static let instances = "khata:{limit}:instances"
    /// Identifies this instance.
    private let instance = String.randomID()

    init(client: RedisClient) {
        self.client = client
    }

    /// One round trip for all.
    func permits(for requests: [PermitRequest]) async -> (grants: [PermitGrant], instances: Int)? {
        let counting: [RedisCommand] = [
            .load(Self.take), .load(Self.count),
            .evaluate(Self.count, keys: [.string(Self.instances)], arguments: [.string(instance)]),
        ]
        let taking = requests.map { request in
            RedisCommand.evaluate(
                Self.take, keys: [.string("khata:{limit}:permits:\(request.bucket.key)")],
                arguments: [
                    .integer(Int64(request.policy.permitsPerSecond)), .integer(Int64(request.policy.burst)),
                    .integer(Int64(request.owed)), .integer(Int64(request.wanted)),
                ])
        }
        // Without a connection, this fails at once or waits for one.
        let server = client.identity(serving: Self.instances)
        guard let replies = try? await client.pipeline(counting + taking, expecting: server),
            let instances = replies[2].int64
        else { return nil }
        let grants = zip(replies[counting.count...], requests).compactMap(PermitGrant.init)
        guard grants.count == requests.count else { return nil }
        return (grants, Int(instances.clamped(to: 1...Self.maximumInstances)))
    }

    /// KEYS: bucket. ARGV: permits per second, burst, owed, wanted. Returns granted, left, and the wait in
    /// microseconds.
    private static let take = RedisScript(
        """
        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        local interval = 1000000 / tonumber(ARGV[1])
        local arrival, written = string.match(redis.call('GET', KEYS[1]) or '0 0', '(%S+) (%S+)')
        arrival = math.max(tonumber(arrival) - math.max(0, tonumber(written) - now), now) + tonumber(ARGV[3]) * interval
        local room = math.floor(tonumber(ARGV[2]) - (arrival - now) / interval + 0.000001)
        local granted = math.max(0, math.min(room, tonumber(ARGV[4])))
        arrival = arrival + granted * interval
        redis.call('SET', KEYS[1], string.format('%.3f %d', arrival, now), 'PX', math.ceil((arrival - now) / 1000) + 1000)
        local wait = 0
        if granted == 0 then wait = math.ceil(math.max(0, 1 - room) * interval) end
        return {granted, math.max(0, room - granted), wait}
        """)

    /// KEYS: instances. ARGV: this one. Returns the number of instances that took permits in the last five seconds;
    /// times in the future are from before the clock was set back.
    private static let count = RedisScript(
        """
        local time = redis.call('TIME')
        redis.call('ZADD', KEYS[1], time[1], ARGV[1])
        redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', time[1] - 5)
        redis.call('ZREMRANGEBYSCORE', KEYS[1], time[1] + 5, '+inf')
        redis.call('EXPIRE', KEYS[1], 10)
        return redis.call('ZCARD', KEYS[1])
        """)
}

extension PermitGrant {
    /// Whatever Redis replies, a bucket has at most its burst, and asks again when it can have some by its own account, or
    /// after ten minutes.
    init?(_ reply: RedisValue, _ request: PermitRequest) {
        guard let fields = reply.array, fields.count == 3, let granted = fields[0].int64, let left = fields[1].int64,
            let wait = fields[2].int64
        else { return nil }
        let policy = request.policy
        let longestWait = Int64(request.owed + policy.burst) * 1_000_000 / Int64(policy.permitsPerSecond)
        self.init(
            granted: Int(granted.clamped(to: 0...Int64(request.wanted))),
            left: Int(left.clamped(to: 0...Int64(policy.burst))),
            wait: .microseconds(wait.clamped(to: 0...max(longestWait, 600_000_000))))
    }
}

extension Int64 {
    fileprivate func clamped(to range: ClosedRange<Int64>) -> Int64 {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}

extension BucketName {
    var key: String {
        switch self {
        case .principal(let id, let kind): "\(kind.rawValue):\(id)"
        case .address(let address): "address:\(address)"
        case .site(let network): "site:\(network)"
        }
    }
}
