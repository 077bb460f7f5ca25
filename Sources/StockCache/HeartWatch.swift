public import Inventory
import Redis
public import ServiceLifecycle

/// Watches the relay's heart, and has the cache trusted only while it beats: without it, commits may stay untold.
///
/// Whether the primary can be reached says nothing of that: others may reach it, and commit.
public struct HeartWatch: Service {
    private let primary: any CacheStateReading
    private let cache: CacheConnection

    private static let interval = Duration.milliseconds(50)

    public init(primary: any CacheStateReading, cache: CacheConnection) {
        self.primary = primary
        self.cache = cache
    }

    public func run() async {
        await cancelWhenGracefulShutdown {
            // Side by side: a primary that hangs must not keep the watch from the heart.
            async let state: Void = watchState()
            await watchHeart()
            await state
        }
    }

    private func watchHeart() async {
        var heart = Heart()
        var namespace: String?
        while (try? await Task.sleep(for: Self.interval)) != nil {
            cache.logTrust()
            guard let documents = cache.untrusted else { continue }
            if documents.namespace != namespace { (heart, namespace) = (Heart(), documents.namespace) }
            let asked = ContinuousClock.now
            let beat = await cache.attempt { () throws(CacheError) in
                try await documents.client.send(RedisCommand("GET", documents.beatKey), expecting: documents.identity)
            }
            if let deadline = heart.hear(beat?.string, asked: asked) { cache.trust(documents, until: deadline) }
        }
    }

    /// Commits of this process tell which cache counts as well.
    private func watchState() async {
        repeat {
            if let state = try? await primary.cacheState() { cache.learn(state) }
        } while (try? await Task.sleep(for: Self.interval * 4)) != nil
    }
}

/// What was heard of the relay's heart.
///
/// One beat may be late news: its round may have begun before a commit that it does not know of. The second new beat of
/// the same relay shows that a whole round was made since the first of three was asked for; so it is certain that whatever
/// was committed by then, less the relay's grace, is told.
struct Heart {
    /// For how long after that moment: 500 ms, after which a commit is acknowledged though nobody told of it, less the
    /// relay's grace, and less as much again for a database's clock that was set back.
    static let trust = Duration.milliseconds(400)

    private var name: Substring?
    /// When it was asked for the last beats that were new, oldest first.
    private var heard: [(beat: String, asked: ContinuousClock.Instant)] = []

    /// - Returns: Until when the cache may be trusted, if this beat shows it.
    mutating func hear(_ beat: String?, asked: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard let beat, beat != heard.last?.beat else { return nil }
        let name = beat.split(separator: ":").first
        if name != self.name { heard = [] }
        self.name = name
        heard = heard.suffix(2) + [(beat, asked)]
        return heard.count == 3 ? heard[0].asked + Self.trust : nil
    }
}
