public import Inventory
import Redis
public import ServiceLifecycle

/// Tells the cache of commits that their writers could not tell it of, and beats: as long as the heart beats, no commit
/// stays untold for long. One process at a time does so.
public struct Relay: Service {
    private let feed: any CommitFeed
    private let cache: CacheConnection
    /// Another heart has another name: its count may stand anywhere.
    private let name = String(UInt64.random(in: .min ... .max), radix: 36)

    /// Writers tell the cache by themselves within this time.
    static let grace = Duration.milliseconds(50)
    static let interval = Duration.milliseconds(50)
    private static let atOnce = 1_000

    public init(feed: any CommitFeed, cache: CacheConnection) {
        self.feed = feed
        self.cache = cache
    }

    public func run() async {
        await cancelWhenGracefulShutdown {
            var count: Int64 = 0
            while (try? await Task.sleep(for: Self.interval)) != nil {
                guard let documents = cache.untrusted, await relay(to: documents) else { continue }
                count += 1
                let beat = RedisCommand("SET", documents.beatKey, .string("\(name):\(count)"), "PX", .integer(10_000))
                await cache.attempt { () throws(CacheError) in
                    _ = try await documents.client.send(beat, expecting: documents.runID)
                }
            }
        }
    }

    /// - Returns: Whether all that was due is told: only then the heart may beat.
    private func relay(to documents: RedisDocuments) async -> Bool {
        do throws(LedgerError) {
            guard let commits = try await feed.undelivered(olderThan: Self.grace, limit: Self.atOnce) else {
                return false
            }
            guard !commits.isEmpty else { return true }
            let advances = commits.flatMap(\.advances)
            guard await cache.attempt({ () throws(CacheError) in try await documents.advance(advances) }) != nil else {
                return false
            }
            try await feed.forget(commits)
            return commits.count < Self.atOnce
        } catch {
            return false
        }
    }
}
