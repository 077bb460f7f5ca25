public import Inventory
import Redis
public import ServiceLifecycle

/// Watches the relay's heartbeat: the cache is trusted only while there is one, because without a relay an invalidation
/// may be missing.
///
/// Independent of whether this process reaches the primary: others may reach it, and commit.
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
            // Concurrently: a primary that hangs must not delay the heartbeats.
            async let state: Void = watchState()
            await monitorHeartbeat()
            await state
        }
    }

    private func monitorHeartbeat() async {
        var heartbeats = cache.parts.map { _ in (tracker: HeartbeatTracker(), namespace: nil as String?) }
        while (try? await Task.sleep(for: Self.interval)) != nil {
            cache.logTrust()
            var requests: [String: [BeatRequest]] = [:]
            for (number, part) in cache.parts.enumerated() {
                guard let documents = part.reachableDocuments else { continue }
                requests[documents.identity, default: []].append(BeatRequest(number: number, documents: documents))
            }
            let requestedAt = ContinuousClock.now
            for (request, beat) in await beats(requests) {
                let documents = request.documents
                if documents.namespace != heartbeats[request.number].namespace {
                    heartbeats[request.number] = (HeartbeatTracker(), documents.namespace)
                }
                let deadline = heartbeats[request.number].tracker.record(beat, requestedAt: requestedAt)
                if let deadline { cache.parts[request.number].trust(documents, until: deadline) }
            }
        }
    }

    private struct BeatRequest {
        let number: Int
        let documents: RedisDocuments
    }

    /// Reads heartbeats, in one round trip for each Redis.
    /// - Parameter requests: By the Redis's identity.
    private func beats(_ requests: [String: [BeatRequest]]) async -> [(BeatRequest, String?)] {
        await withTaskGroup { group in
            for (identity, requests) in requests {
                group.addTask { await beats(requests, of: identity) }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }

    private func beats(_ requests: [BeatRequest], of identity: String) async -> [(BeatRequest, String?)] {
        let parts = requests.map { cache.parts[$0.number] }
        do throws(CacheError) {
            let replies = try await cache.client.pipeline(
                requests.map { RedisCommand("GET", $0.documents.beatKey) }, expecting: identity)
            for (part, reply) in zip(parts, replies) { part.note(reply.error) }
            return zip(requests, replies).map { ($0, $1.string) }
        } catch {
            for part in parts { part.note(error) }
            return []
        }
    }

    /// Polls which cache is current. This process's own commits also update it.
    private func watchState() async {
        repeat {
            if let state = try? await primary.cacheState() { cache.learn(state) }
        } while (try? await Task.sleep(for: Self.interval * 4)) != nil
    }
}

/// Derives from the heartbeats how long the cache may be trusted.
///
/// A single heartbeat proves nothing: its round may have begun before a commit that it does not cover. But of three
/// different heartbeats of one relay, the last one's whole round took place after the first was requested. So whatever
/// was committed by then, less the relay's grace period, has been invalidated.
struct HeartbeatTracker {
    /// How long after that moment the cache is trusted: 500 ms, after which a commit is acknowledged without its
    /// invalidation, less the relay's grace period, and less the same again for a database clock that was set back.
    static let trust = Duration.milliseconds(400)

    private var name: Substring?
    /// The last three different beats, and when each was requested, oldest first.
    private var recorded: [(beat: String, requestedAt: ContinuousClock.Instant)] = []

    /// - Returns: Until when the cache may be trusted, if this beat proves it.
    mutating func record(_ beat: String?, requestedAt: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard let beat, beat != recorded.last?.beat else { return nil }
        let name = beat.split(separator: ":").first
        if name != self.name { recorded = [] }
        self.name = name
        recorded = recorded.suffix(2) + [(beat, requestedAt)]
        return recorded.count == 3 ? recorded[0].requestedAt + Self.trust : nil
    }
}
