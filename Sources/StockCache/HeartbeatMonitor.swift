public import Inventory
import Redis
public import ServiceLifecycle

/// Watches the relay's heartbeat, and lets the cache be trusted only while it is seen: without a relay, the invalidation of
/// a commit may be missing.
///
/// Whether the primary can be reached says nothing of that: others may reach it, and commit.
public struct HeartbeatMonitor: Service {
    private let primary: any CacheStateReading
    private let cache: CacheConnection

    private static let interval = Duration.milliseconds(50)

    public init(primary: any CacheStateReading, cache: CacheConnection) {
        self.primary = primary
        self.cache = cache
    }

    public func run() async {
        await cancelWhenGracefulShutdown {
            // Side by side: a primary that hangs must not delay the heartbeats.
            async let state: Void = watchState()
            await monitorHeartbeat()
            await state
        }
    }

    private func monitorHeartbeat() async {
        var heartbeat = HeartbeatTracker()
        var namespace: String?
        while (try? await Task.sleep(for: Self.interval)) != nil {
            cache.logTrust()
            guard let documents = cache.reachableDocuments else { continue }
            if documents.namespace != namespace { (heartbeat, namespace) = (HeartbeatTracker(), documents.namespace) }
            let asked = ContinuousClock.now
            let beat = await cache.attempt { () throws(CacheError) in
                try await documents.client.send(RedisCommand("GET", documents.beatKey), expecting: documents.identity)
            }
            if let deadline = heartbeat.record(beat?.string, asked: asked) { cache.trust(documents, until: deadline) }
        }
    }

    /// Commits of this process tell which cache counts as well.
    private func watchState() async {
        repeat {
            if let state = try? await primary.cacheState() { cache.learn(state) }
        } while (try? await Task.sleep(for: Self.interval * 4)) != nil
    }
}

/// How long the cache may be trusted, judged by the heartbeats that were read.
///
/// One heartbeat may be late: its round may have begun before a commit that it does not cover. The second new heartbeat of
/// the same relay shows that a whole round was made since the first of three was asked for; so whatever was committed by
/// then, less the relay's grace, is certain to be invalidated.
struct HeartbeatTracker {
    /// For how long after that moment: 500 ms, after which a commit is acknowledged without its invalidation, less the
    /// relay's grace, and less as much again for a database's clock that was set back.
    static let trust = Duration.milliseconds(400)

    private var name: Substring?
    /// When it was asked for the last beats that were new, oldest first.
    private var recorded: [(beat: String, asked: ContinuousClock.Instant)] = []

    /// - Returns: Until when the cache may be trusted, if this beat shows it.
    mutating func record(_ beat: String?, asked: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard let beat, beat != recorded.last?.beat else { return nil }
        let name = beat.split(separator: ":").first
        if name != self.name { recorded = [] }
        self.name = name
        recorded = recorded.suffix(2) + [(beat, asked)]
        return recorded.count == 3 ? recorded[0].asked + Self.trust : nil
    }
}
