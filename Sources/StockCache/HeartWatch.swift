public import Inventory
import Redis
public import ServiceLifecycle

/// Watches the relay's heart, and has the cache trusted only while it beats.
///
/// When the heart stops while the primary is up, commits may stay untold: then the cache is not trusted. While the
/// primary is down nothing can be committed, so what is cached stays true.
public struct HeartWatch: Service {
    private let primary: any PrimaryIdentity
    private let cache: CacheConnection

    private static let interval = Duration.milliseconds(100)
    private static let patience = Duration.milliseconds(400)
    /// How often the primary is asked whether it is still the same.
    private static let roundsBetweenQuestions = 5

    public init(primary: any PrimaryIdentity, cache: CacheConnection) {
        self.primary = primary
        self.cache = cache
    }

    public func run() async {
        await cancelWhenGracefulShutdown {
            var heart = Heart(patience: Self.patience)
            var round = 0
            repeat {
                if round % Self.roundsBetweenQuestions == 0, let cluster = try? await primary.cluster() {
                    cache.setCluster(cluster)
                }
                round += 1
                await watch(&heart)
            } while (try? await Task.sleep(for: Self.interval)) != nil
        }
    }

    private func watch(_ heart: inout Heart) async {
        if let documents = cache.untrusted {
            let beat = await cache.attempt { () throws(CacheError) in
                try await documents.client.send(RedisCommand("GET", documents.beatKey), expecting: documents.runID)
            }
            heart.hear(beat?.string, at: .now)
        }
        if heart.beats(at: .now) {
            cache.setTrusted(true)
        } else if await (try? primary.cluster()) != nil {
            cache.setTrusted(false)
        }
    }
}

/// What was heard of the relay's heart.
///
/// One beat may be late news: its relay's round may have begun before the cache was cut off. Only the second new beat of
/// the same relay shows that a whole round was made since.
struct Heart {
    /// For how long it may be still.
    let patience: Duration
    private var name: Substring?
    private var last: String?
    private var count = 0
    private var lastBeat: ContinuousClock.Instant?

    init(patience: Duration) {
        self.patience = patience
    }

    mutating func hear(_ beat: String?, at now: ContinuousClock.Instant) {
        guard let beat, beat != last else { return }
        let name = beat.split(separator: ":").first
        let goesOn = name == self.name && lastBeat.map { now - $0 <= patience } ?? false
        count = goesOn ? count + 1 : 0
        self.name = name
        last = beat
        lastBeat = now
    }

    func beats(at now: ContinuousClock.Instant) -> Bool {
        guard let lastBeat, count >= 2 else { return false }
        return now - lastBeat <= patience
    }
}
