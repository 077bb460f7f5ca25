public import Inventory
import Redis
public import ServiceLifecycle

/// Watches the relay's heart, and has the cache trusted only while it beats.
///
/// When the heart stops while the primary is up, commits may stay untold: then trust runs out. While the primary is down
/// nothing can be committed, so cached reads go on; what was committed just before and could not be told is the one
/// thing they may miss.
public struct HeartWatch: Service {
    private let primary: any TimelineTelling
    private let cache: CacheConnection

    private static let interval = Duration.milliseconds(50)

    public init(primary: any TimelineTelling, cache: CacheConnection) {
        self.primary = primary
        self.cache = cache
    }

    public func run() async {
        await cancelWhenGracefulShutdown {
            // Side by side: a primary that hangs must not keep the watch from the heart.
            async let timeline: Void = watchTimeline()
            await watchHeart()
            await timeline
        }
    }

    private func watchHeart() async {
        var heart = Heart()
        while (try? await Task.sleep(for: Self.interval)) != nil {
            cache.logTrust()
            guard let documents = cache.untrusted else { continue }
            let asked = ContinuousClock.now
            let beat = await cache.attempt { () throws(CacheError) in
                try await documents.client.send(RedisCommand("GET", documents.beatKey), expecting: documents.runID)
            }
            if let deadline = heart.hear(beat?.string, asked: asked) { cache.trust(until: deadline) }
        }
    }

    private func watchTimeline() async {
        repeat {
            do throws(LedgerError) {
                cache.set(try await primary.timeline())
            } catch {
                cache.extendTrust(until: .now + Heart.trust)
            }
        } while (try? await Task.sleep(for: Self.interval * 4)) != nil
    }
}

/// What was heard of the relay's heart.
///
/// One beat may be late news: its round may have begun before a commit that it does not know of. The second new beat of
/// the same relay shows that a whole round was made since the first of three was heard; so it is certain that whatever
/// was committed by then, less the relay's grace, is told.
struct Heart {
    /// For how long after that moment no untold commit can be too old: 500 ms, less the relay's grace.
    static let trust = Duration.milliseconds(500) - Relay.grace

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
