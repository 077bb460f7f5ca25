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
    /// Whether the masters respond, how their memory is limited, and whether it is known which they are.
    public func health() async -> [ComponentHealth] {
        // A command that is run once has just begun to connect.
        try? await connect(within: .seconds(1))
        let masters = max(1, servers.count { $0.role == .master })
        let times = await responseTimes()
        guard let slowest = times.max() else {
            return [
                ComponentHealth(
                    name: "redis:responseTime", status: .warn,
                    output: "Redis does not respond: reads go to the databases")
            ]
        }
        let memory = try? await memoryProblem()
        return [
            ComponentHealth(
                name: "redis:responseTime", status: times.count < masters ? .warn : .pass,
                observed: slowest / .milliseconds(1), unit: "ms",
                output: times.count < masters
                    ? "\(times.count) of \(masters) masters of Redis respond: reads of what the others serve go to the databases"
                    : nil),
            ComponentHealth(name: "redis:memory", status: memory == nil ? .pass : .warn, output: memory),
        ] + [slotHealth, sentinelHealth].compactMap(\.self)
    }

    /// Of the masters that respond.
    private func responseTimes() async -> [Duration] {
        await withTaskGroup(of: Duration?.self) { group in
            for identity in identities {
                group.addTask {
                    let start = ContinuousClock.now
                    let reply = try? await self.send(RedisCommand("PING"), expecting: identity)
                    return reply.map { _ in .now - start }
                }
            }
            return await group.reduce(into: []) { if let time = $1 { $0.append(time) } }
        }
    }

    private var slotHealth: ComponentHealth? {
        guard let slots else { return nil }
        var problem: String?
        if slots.unserved > 0 { problem = "\(slots.unserved) slots of the Redis cluster have no master" }
        if slots.age > .seconds(5) { problem = "no node of the Redis cluster says any more who serves its slots" }
        return ComponentHealth(
            name: "redis:slots", status: problem == nil ? .pass : .warn, observed: slots.age / .seconds(1), unit: "s",
            output: problem)
    }

    private var sentinelHealth: ComponentHealth? {
        let sentinels = servers.filter { $0.role == .sentinel }
        guard !sentinels.isEmpty else { return nil }
        let connected = sentinels.count { $0.isConnected }
        return ComponentHealth(
            name: "redis:sentinels", status: connected < sentinels.count ? .warn : .pass, observed: Double(connected),
            unit: "sentinels",
            output: connected < sentinels.count ? "\(connected) of \(sentinels.count) sentinels respond" : nil)
    }

    /// What is wrong with the limit of the memory of a connected master; `nil` if nothing is, or it is not known.
    public func memoryProblem() async throws(RedisError) -> String? {
        for identity in identities {
            let reply = try await send(RedisCommand("INFO", "memory"), expecting: identity)
            let lines = reply.string?.split(whereSeparator: \.isNewline) ?? []
            if lines.contains("maxmemory:0") {
                return "Redis has no limit of memory: set maxmemory, and maxmemory-policy to allkeys-lfu"
            }
            if lines.contains("maxmemory_policy:noeviction") {
                return "Redis evicts nothing, so when it is full the cache is off: set maxmemory-policy to allkeys-lfu"
            }
        }
        return nil
    }
}
