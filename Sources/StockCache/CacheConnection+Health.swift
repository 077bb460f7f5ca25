public import Inventory
import Redis

extension CacheConnection {
    /// Redis and the relay's heartbeat. Without either, reads go to the databases: slower, never wrong.
    public func health() async -> [ComponentHealth] {
        let start = ContinuousClock.now
        guard (try? await client.send(RedisCommand("PING"))) != nil else {
            return [
                ComponentHealth(
                    name: "redis:responseTime", status: .warn,
                    output: "Redis does not respond: reads go to the databases")
            ]
        }
        let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
        let isTrusted = isTrusted
        return [
            ComponentHealth(name: "redis:responseTime", status: .pass, observed: milliseconds, unit: "ms"),
            ComponentHealth(
                name: "relay:heartbeat", status: isTrusted ? .pass : .warn,
                output: isTrusted ? nil : "the relay's heartbeat is missing: the cache is not trusted"),
        ]
    }
}
