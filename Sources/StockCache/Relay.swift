public import Inventory
import Redis
public import ServiceLifecycle

/// Tells the cache of commits that their writers could not tell it of, and beats: as long as the heart beats, no commit
/// stays untold for long. Says which cache counts. One process at a time does so: see `docs/coherence.md`.
public struct Relay: Service {
    private let outbox: any RelayedOutbox
    private let cache: CacheConnection

    static let interval = Duration.milliseconds(50)
    /// Without a beat for so long, the cache is switched off. Nobody trusts it by then.
    static let patience = Duration.seconds(1)
    private static let maximumEntries = 1_000

    public init(outbox: any RelayedOutbox, cache: CacheConnection) {
        self.outbox = outbox
        self.cache = cache
    }

    public func run() async {
        await cancelWhenGracefulShutdown {
            var heart = BeatingHeart()
            /// When anybody may have beaten last, as far as is known here.
            var lastBeat = ContinuousClock.now
            var offSince = ContinuousClock.now
            /// How far others' marks are forgotten.
            var cursor = "0"
            while (try? await Task.sleep(for: Self.interval)) != nil {
                guard let round = try? await outbox.round(limit: Self.maximumEntries) else { continue }
                if round.isFirst { (lastBeat, offSince, cursor) = (.now, .now, "0") }
                cache.learn(round.state)
                if round.state.namespace == nil {
                    if await switchOn(after: round, &cursor) { offSince = .now }
                    guard .now - offSince >= Self.patience else { continue }
                    // Others may reach their Redis, or this one.
                    try? await outbox.resign()
                    guard (try? await Task.sleep(for: Self.patience)) != nil else { return }
                } else if await tell(round) {
                    lastBeat = .now
                    await beat(&heart, in: round.state)
                } else if .now - lastBeat >= Self.patience {
                    try? await outbox.switchCache(from: round.state, to: nil)
                    offSince = .now
                }
            }
        }
    }

    /// - Returns: Whether the cache is on now, or will be after some more rounds.
    private func switchOn(after round: RelayRound, _ cursor: inout String) async -> Bool {
        let state = round.state
        guard let namespace = await cache.writableNamespace(in: state.history) else { return false }
        if round.followsOthers {
            guard let next = await cache.forgetOthers(from: cursor) else { return false }
            cursor = next
            if next != "0" { return true }
        }
        return (try? await outbox.switchCache(from: state, to: namespace)) != nil
    }

    /// - Returns: Whether all that was due is told: only then the heart may beat.
    private func tell(_ round: RelayRound) async -> Bool {
        guard round.isSameServer, let documents = cache.untrusted, documents.namespace == round.state.namespace else {
            return false
        }
        guard !round.entries.isEmpty else { return true }
        // What is owed to another namespace is owed to nobody any more.
        let advances = round.entries.filter { $0.namespace == nil || $0.namespace == documents.namespace }
            .flatMap(\.advances)
        guard await cache.attempt({ () throws(CacheError) in try await documents.advance(advances) }) != nil,
            (try? await outbox.delete(round.entries)) != nil
        else { return false }
        return round.entries.count < Self.maximumEntries
    }

    private func beat(_ heart: inout BeatingHeart, in state: CacheState) async {
        guard let documents = cache.untrusted, documents.namespace == state.namespace else { return }
        let value = heart.next()
        let isHeard: Void? = await cache.attempt { () throws(CacheError) in
            try await documents.beat(value)
        }
        // It may arrive late, after others: then it must not count as one of the same.
        if isHeard == nil { heart = BeatingHeart() }
    }
}

/// The beats of one heart. Another heart has another name: its count may stand anywhere.
private struct BeatingHeart {
    private let name = String(UInt64.random(in: .min ... .max), radix: 36)
    private var count = 0

    mutating func next() -> String {
        count += 1
        return "\(name):\(count)"
    }
}
