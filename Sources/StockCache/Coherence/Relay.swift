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
            var terms = cache.parts.map { _ in Term() }
            var offSince = ContinuousClock.now
            // The progress of `deleteAllMarks`.
            var cursor = "0"
            while (try? await Task.sleep(for: Self.interval)) != nil {
                guard let round = try? await outbox.round(limit: Self.maximumEntries) else { continue }
                if round.isFirst {
                    for number in terms.indices { terms[number].lastBeat = .now }
                    (offSince, cursor) = (.now, "0")
                }
                cache.learn(round.state)
                guard let namespaces = round.state.namespaces else {
                    if await switchOn(after: round, &cursor) { offSince = .now }
                    guard .now - offSince >= Self.heartbeatTimeout else { continue }
                    // Another process may reach a Redis.
                    try? await outbox.resign()
                    guard (try? await Task.sleep(for: Self.heartbeatTimeout)) != nil else { return }
                    continue
                }
                let told = await invalidate(round, namespaces)
                for number in told { terms[number].lastBeat = .now }
                await beat(told, in: namespaces, &terms)
                let next = await self.namespaces(after: round, namespaces, told, terms)
                if next != namespaces {
                    try? await outbox.switchCache(from: round.state, to: next)
                    offSince = .now
                    for (number, name) in namespaces.parts.enumerated() where name == nil {
                        terms[number].lastBeat = .now
                    }
                }
            }
        }
    }

    /// What this process, as the relay, knows of a part.
    private struct Term {
        var heartbeat = HeartbeatSequence()
        /// When any relay may have sent the last heartbeat.
        var lastBeat = ContinuousClock.now
    }

    /// - Returns: Whether the cache is on now, or will be after more rounds.
    private func switchOn(after round: RelayRound, _ cursor: inout String) async -> Bool {
        let parts = await writableNamespaces(of: cache.parts.indices, in: round.state.history)
        guard let namespaces = CacheNamespaces(parts: cache.parts.indices.map { parts[$0] }) else { return false }
        if round.followsOthers {
            guard let next = await cache.deleteAllMarks(from: cursor) else { return false }
            cursor = next
            if next != "0" { return true }
        }
        return (try? await outbox.switchCache(from: round.state, to: namespaces)) != nil
    }

    private func writableNamespaces(of numbers: some Collection<Int>, in history: History) async -> [Int: Substring] {
        let found = await concurrently(numbers) { [cache] number in
            await cache.parts[number].writableNamespace(in: history)
        }
        return found.compactMapValues(\.self)
    }

    /// - Returns: The parts for which all due invalidations are done: only for those the heartbeat may be sent.
    private func invalidate(_ round: RelayRound, _ namespaces: CacheNamespaces) async -> Set<Int> {
        guard round.isSameServer, namespaces.parts.count == cache.parts.count else { return [] }
        let reachable = cache.parts.indices.filter { number in
            guard let name = namespaces.parts[number] else { return false }
            return cache.parts[number].reachableDocuments?.namespace[...] == name
        }
        let due = round.entries.map { namespaces.byPart($0) }
        var invalidations: [Int: [Invalidation]] = [:]
        for concerned in due { invalidations.merge(concerned, uniquingKeysWith: +) }
        let done = await cache.invalidate(invalidations.filter { reachable.contains($0.key) }, in: namespaces)
        // Those that no part is owed any more are deleted, too.
        let told = zip(round.entries, due).filter { done.isSuperset(of: $1.keys) }.map(\.0)
        if !told.isEmpty, (try? await outbox.delete(told)) == nil { return [] }
        guard round.entries.count < Self.maximumEntries else { return [] }
        return Set(reachable.filter { invalidations[$0] == nil || done.contains($0) })
    }

    private func beat(_ numbers: Set<Int>, in namespaces: CacheNamespaces, _ terms: inout [Term]) async {
        let values = Dictionary(uniqueKeysWithValues: numbers.map { ($0, terms[$0].heartbeat.next()) })
        let accepted = await concurrently(numbers) { [cache] number in
            guard let documents = cache.parts[number].reachableDocuments, let value = values[number],
                documents.namespace[...] == namespaces.parts[number]
            else { return false }
            return await cache.parts[number].attempt { () throws(CacheError) in try await documents.beat(value) } != nil
        }
        // It may still arrive late, after later ones: so those must not count as the same sequence.
        for number in numbers where accepted[number] != true { terms[number].heartbeat = HeartbeatSequence() }
    }

    /// Switches off what had no heartbeat for long, and on what was off before, if its Redis takes a write.
    /// - Returns: `nil` to switch the cache off.
    private func namespaces(
        after round: RelayRound, _ current: CacheNamespaces, _ told: Set<Int>, _ terms: [Term]
    ) async -> CacheNamespaces? {
        let isSilent = { (term: Term) in .now - term.lastBeat >= Self.heartbeatTimeout }
        // It was switched on on another server, or by a process that divides it in another way.
        guard round.isSameServer, current.parts.count == cache.parts.count else {
            return terms.allSatisfy(isSilent) ? nil : current
        }
        var parts = current.parts
        for number in parts.indices where !told.contains(number) && isSilent(terms[number]) { parts[number] = nil }
        let off = parts.indices.filter { current.parts[$0] == nil }
        for (number, name) in await writableNamespaces(of: off, in: round.state.history) { parts[number] = name }
        return parts == current.parts ? current : CacheNamespaces(parts: parts)
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
