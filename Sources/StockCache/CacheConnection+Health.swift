public import Inventory
public import Redis

extension CacheConnection {
    /// Redis, and the relay's heartbeat. Without either, reads go to the databases: slower, never wrong.
    public func health() async -> [ComponentHealth] {
        let redis = await client.health()
        let trusted = trustedParts
        let share = trusted == 0 ? "the cache is" : "\(parts.count - trusted) of \(parts.count) parts of the cache are"
        return redis + [
            ComponentHealth(
                name: "relay:heartbeat", status: trusted == parts.count ? .pass : .warn,
                output: trusted == parts.count ? nil : "the relay's heartbeat is missing: \(share) not trusted")
        ]
    }
}

extension RedisClient {
    /// Whether it responds, and how its memory is limited.
    public func health() async -> [ComponentHealth] {
        let start = ContinuousClock.now
        guard (try? await send(RedisCommand("PING"))) != nil else {
            return [
                ComponentHealth(
                    name: "redis:responseTime", status: .warn,
                    output: "Redis does not respond: reads go to the databases")
            ]
        }
        let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
        let memory = try? await memoryProblem()
        return [
            ComponentHealth(name: "redis:responseTime", status: .pass, observed: milliseconds, unit: "ms"),
            ComponentHealth(name: "redis:memory", status: memory == nil ? .pass : .warn, output: memory),
        ]
    }

    /// What is wrong with the limit of Redis's memory; `nil` if nothing is, or it is not known.
    public func memoryProblem() async throws(RedisError) -> String? {
        let lines = try await send(RedisCommand("INFO", "memory")).string?.split(whereSeparator: \.isNewline) ?? []
        if lines.contains("maxmemory:0") {
            return "Redis has no limit of memory: set maxmemory, and maxmemory-policy to allkeys-lfu"
        }
        if lines.contains("maxmemory_policy:noeviction") {
            return "Redis evicts nothing, so when it is full the cache is off: set maxmemory-policy to allkeys-lfu"
        }
        return nil
    }
}
