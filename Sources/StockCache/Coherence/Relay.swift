import Basics
public import Inventory
import Redis
public import ServiceLifecycle

/// Invalidates the cache for commits whose writers could not, sends the heartbeat (while it is sent, no commit stays
/// without its invalidation for long), and decides which cache is current. One process at a time: `docs/coherence.md`.
public struct Relay: Service {
    private let outbox: any RelayedOutbox
    private let cache: CacheConnection

    static let interval = Duration.milliseconds(50)
    /// After this long without a heartbeat, the cache is switched off. No process trusts it by then.
    static let heartbeatTimeout = Duration.seconds(1)
    private static let maximumEntries = 1_000

    public init(outbox: any RelayedOutbox, cache: CacheConnection) {
        self.outbox = outbox
        self.cache = cache
    }

    public func run() async {
        await cancelWhenGracefulShutdown {
            var heartbeat = HeartbeatSequence()
            // When any relay may have sent the last heartbeat.
            var lastBeat = ContinuousClock.now
            var offSince = ContinuousClock.now
            // The progress of `deleteAllMarks`.
            var cursor = "0"
            while (try? await Task.sleep(for: Self.interval)) != nil {
                guard let round = try? await outbox.round(limit: Self.maximumEntries) else { continue }
                if round.isFirst { (lastBeat, offSince, cursor) = (.now, .now, "0") }
                cache.learn(round.state)
                if round.state.namespace == nil {
                    if await switchOn(after: round, &cursor) { offSince = .now }
                    guard .now - offSince >= Self.heartbeatTimeout else { continue }
                    // Another process may reach a Redis.
                    try? await outbox.resign()
                    guard (try? await Task.sleep(for: Self.heartbeatTimeout)) != nil else { return }
                } else if await invalidate(round) {
                    lastBeat = .now
                    await beat(&heartbeat, in: round.state)
                } else if .now - lastBeat >= Self.heartbeatTimeout {
                    try? await outbox.switchCache(from: round.state, to: nil)
                    offSince = .now
                }
            }
        }
    }

    /// - Returns: Whether the cache is on now, or will be after more rounds.
    private func switchOn(after round: RelayRound, _ cursor: inout String) async -> Bool {
        let state = round.state
        guard let namespace = await cache.writableNamespace(in: state.history) else { return false }
        if round.followsOthers {
            guard let next = await cache.deleteAllMarks(from: cursor) else { return false }
            cursor = next
            if next != "0" { return true }
        }
        return (try? await outbox.switchCache(from: state, to: namespace)) != nil
    }

    /// - Returns: Whether all due invalidations are done: only then may the heartbeat be sent.
    private func invalidate(_ round: RelayRound) async -> Bool {
        guard round.isSameServer, let documents = cache.reachableDocuments, documents.namespace == round.state.namespace
        else {
            return false
        }
        guard !round.entries.isEmpty else { return true }
        // Invalidations of other namespaces are obsolete.
        let invalidations = round.entries.filter { $0.namespace == nil || $0.namespace == documents.namespace }
            .flatMap(\.invalidations)
        guard await cache.attempt({ () throws(CacheError) in try await documents.invalidate(invalidations) }) != nil,
            (try? await outbox.delete(round.entries)) != nil
        else { return false }
        return round.entries.count < Self.maximumEntries
    }

    private func beat(_ heartbeat: inout HeartbeatSequence, in state: CacheState) async {
        guard let documents = cache.reachableDocuments, documents.namespace == state.namespace else { return }
        let value = heartbeat.next()
        let isAccepted: Void? = await cache.attempt { () throws(CacheError) in
            try await documents.beat(value)
        }
        // It may still arrive late, after later ones: so those must not count as the same sequence.
        if isAccepted == nil { heartbeat = HeartbeatSequence() }
    }
}

/// The numbered heartbeats of one relay, with a random name that differs for each relay.
private struct HeartbeatSequence {
    private let name = String.randomID()
    private var count = 0

    mutating func next() -> String {
        count += 1
        return "\(name):\(count)"
    }
}
