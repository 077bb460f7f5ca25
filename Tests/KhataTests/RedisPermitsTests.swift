import Access
import Foundation
import Logging
import NIOPosix
import Redis
import Testing

@testable import RateLimiting
@testable import khata

@Suite("Permits in Redis")
struct RedisPermitsTests {
    @Test("Redis gives what the algorithm gives")
    func grants() async throws {
        try await withClient { client in
            // So large that the seconds the test may take make no difference.
            let policy = RatePolicy(permitsPerSecond: 1, burst: 10_000)
            let slack = 100
            var model = GCRA(now: .now)
            let bucket = BucketName.principal(UUID().uuidString, .write)
            for (owed, wanted) in [(0, 4_000), (3_000, 2_000), (0, 5_000), (0, 5_000), (20_000, 5_000)] {
                let request = PermitRequest(bucket: bucket, policy: policy, owed: owed, wanted: wanted)
                let answer = try #require(await RedisPermits(client: client).permits(for: [request]))
                let expected = model.take(request, at: .now)
                #expect(abs(answer.grants[0].granted - expected.granted) <= slack)
                #expect(abs(answer.grants[0].left - expected.left) <= slack)
                #expect(abs((answer.grants[0].wait - expected.wait) / .seconds(1)) <= Double(slack))
            }
        }
    }

    @Test("when Redis's clock is put back an hour, as much is left as was, and those who are gone do not count")
    func clockPutBack() async throws {
        try await withClient { client in
            let bucket = BucketName.principal(UUID().uuidString, .write)
            let request = PermitRequest(
                bucket: bucket, policy: RatePolicy(permitsPerSecond: 1, burst: 10_000), owed: 0, wanted: 4_000)
            let source = RedisPermits(client: client)
            _ = try #require(await source.permits(for: [request]))
            // As if it had been an hour later then.
            let later = RedisScript(
                """
                local arrival, written = string.match(redis.call('GET', KEYS[1]), '(%S+) (%S+)')
                redis.call('SET', KEYS[1], string.format('%.3f %d', arrival + 3600000000, written + 3600000000))
                redis.call('ZADD', KEYS[2], redis.call('TIME')[1] + 3600, 'another')
                """)
            _ = try await client.pipeline([
                .evaluate(
                    later, keys: [.string("khata:{limit}:permits:\(bucket.key)"), "khata:{limit}:instances"],
                    arguments: [])
            ])
            let answer = try #require(await source.permits(for: [request]))
            #expect(answer.grants[0].granted == 4_000)
            #expect((2_000...2_500).contains(answer.grants[0].left))
            let members = try await client.pipeline([RedisCommand("ZSCORE", "khata:{limit}:instances", "another")])
            #expect(members[0] == .null)
        }
    }

    @Test("whatever Redis replies, the limiter goes on within its policy")
    func nonsense() {
        let policy = RatePolicy(permitsPerSecond: 10, burst: 40)
        let name = BucketName.principal("key:a", .read)
        let extremes = [Int64.min, -1, 0, 1, .max]
        for granted in extremes {
            for left in extremes {
                for wait in extremes {
                    var buckets = Buckets(capacity: 10)
                    let now = ContinuousClock.now
                    _ = buckets.take(1, from: name, policy, at: now)
                    for round in 0..<3 {
                        let requests = buckets.requests()
                        let reply = RedisValue.array([.integer(granted), .integer(left), .integer(wait)])
                        let grants = requests.compactMap { PermitGrant(reply, $0) }
                        buckets.apply((grants, 1), to: requests, at: now)
                        let later = now + .seconds(601 * (round + 1))
                        for _ in 0..<100 { _ = buckets.take(1, from: name, policy, at: later) }
                    }
                }
            }
        }
    }

    @Test("instances that take permits are counted")
    func instances() async throws {
        try await withClient { client in
            let request = PermitRequest(
                bucket: .principal(UUID().uuidString, .read), policy: RatePolicy(permitsPerSecond: 10), owed: 0,
                wanted: 1)
            // Both in turn, until both count as present: a slow machine may forget the first one meanwhile.
            let sources = [RedisPermits(client: client), RedisPermits(client: client)]
            var instances = 0
            for round in 0..<20 where instances < 2 {
                instances = try #require(await sources[round % 2].permits(for: [request])).instances
            }
            #expect(instances >= 2)
        }
    }

    @Test("two limiters admit together what one policy allows, burst and all")
    func shared() async throws {
        try await withClient { client in
            var policies = RatePolicies()
            policies.reads = RatePolicy(permitsPerSecond: 1, burst: 40)
            let principal = Principal(id: UUID().uuidString, role: .reader)
            let limiters = (0..<2).map { _ in RateLimiter(policies: policies, source: RedisPermits(client: client)) }
            // Each learns that there is another one.
            for limiter in limiters + limiters {
                _ = limiter.admit(Principal(id: UUID().uuidString, role: .reader), .read)
                await limiter.fetch()
            }
            var admitted = 0
            let start = ContinuousClock.now
            for _ in 0..<100 {
                for limiter in limiters {
                    if limiter.admit(principal, .read).isAdmitted { admitted += 1 }
                    await limiter.fetch()
                }
            }
            // One more comes each second that this takes; and each limiter gives a little on credit.
            let seconds = Int((ContinuousClock.now - start) / .seconds(1))
            #expect((38...(46 + seconds)).contains(admitted), "\(admitted)")
        }
    }

    @Test("while Redis is down, the limiter goes on by itself")
    func down() async throws {
        let client = try RedisClient(
            try RedisConfiguration(url: "redis://127.0.0.1:1"), eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: quiet)
        var policies = RatePolicies()
        policies.reads = RatePolicy(permitsPerSecond: 1, burst: 5)
        let limiter = RateLimiter(policies: policies, source: RedisPermits(client: client))
        let principal = Principal(id: "key:a", role: .reader)
        var admitted = 0
        let start = ContinuousClock.now
        for _ in 0..<20 {
            if limiter.admit(principal, .read).isAdmitted { admitted += 1 }
            await limiter.fetch()
        }
        let seconds = Int((ContinuousClock.now - start) / .seconds(1))
        #expect((5...(8 + seconds)).contains(admitted), "\(admitted)")
        await client.close()
    }

    private func withClient(_ body: (RedisClient) async throws -> Void) async throws {
        let url = try #require(
            ProcessInfo.processInfo.environment["KHATA_TEST_REDIS_URL"],
            "set KHATA_TEST_REDIS_URL to a Redis server's URL")
        var configuration = try RedisConfiguration(url: url)
        configuration.commandTimeout = .seconds(5)
        let client = try RedisClient(
            configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: quiet)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(client))
        } catch {
            result = .failure(error)
        }
        await client.close()
        try result.get()
    }

    private let quiet = Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }
}
