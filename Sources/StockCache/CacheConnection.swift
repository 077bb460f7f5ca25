import Crypto
public import Inventory
public import Logging
public import Redis
import Synchronization

typealias CacheError = RedisError

/// The cache as this process sees it: whether it can be asked, whether it may be trusted, and under which namespace.
///
/// Also tells the cache of commits. A cache that fails is left alone for a moment; nobody waits for it more than once.
public final class CacheConnection: CommitDelivery {
    private struct State {
        /// Of the primary; `nil` until it is known.
        var timeline: Timeline?
        /// Of that timeline, on the Redis that was connected last.
        var documents: RedisDocuments?
        /// Until when it is sure that no commit stays untold, because the relay's heart beats.
        var trustedUntil = ContinuousClock.now
        /// What the log says of that.
        var isTrusted = false
        var failures = 0
        var closedUntil = ContinuousClock.now
    }

    let client: RedisClient
    private let recentBytes: Int
    private let logger: Logger
    private let state = Mutex(State())

    /// So many failures in a row, and the cache is not asked for so long.
    private static let tolerance = 3
    private static let pause = Duration.milliseconds(200)

    /// - Parameters:
    ///   - client: is closed by who made it.
    ///   - recentBytes: How much memory documents may take that this process keeps besides, so that the cache need not
    ///     send them again.
    public init(_ client: RedisClient, recentBytes: Int, logger: Logger) {
        self.client = client
        self.recentBytes = recentBytes
        self.logger = logger
    }

    /// Whether documents can be had from the cache, and stored in it.
    public var isTrusted: Bool { documents != nil }

    /// For readers: `nil` while the cache cannot be asked or is not trusted.
    var documents: RedisDocuments? {
        let (documents, isTrusted) = reachable
        return isTrusted ? documents : nil
    }

    private var reachable: (RedisDocuments?, isTrusted: Bool) {
        guard let runID = client.runID else { return (nil, false) }
        return state.withLock { state in
            let now = ContinuousClock.now
            guard let timeline = state.timeline, now >= state.closedUntil else { return (nil, false) }
            if state.documents?.runID != runID {
                state.documents = RedisDocuments(
                    client: client, runID: runID, namespace: Self.namespace(timeline, runID),
                    recent: RecentDocuments(maximumBytes: recentBytes))
            }
            return (state.documents, now < state.trustedUntil)
        }
    }

    /// For the relay and its watchers: whether or not the cache is trusted.
    var untrusted: RedisDocuments? { reachable.0 }

    /// On another timeline, what was known of the old one's heart is worth nothing.
    func set(_ timeline: Timeline) {
        state.withLock { state in
            guard state.timeline != timeline else { return }
            state.timeline = timeline
            state.documents = nil
            state.trustedUntil = .now
        }
    }

    func trust(until deadline: ContinuousClock.Instant) {
        state.withLock { $0.trustedUntil = deadline }
    }

    /// While the primary is down nothing can be committed, so what is trusted remains so for a while.
    func extendTrust(until deadline: ContinuousClock.Instant) {
        state.withLock { if ContinuousClock.now < $0.trustedUntil { $0.trustedUntil = deadline } }
    }

    func logTrust() {
        let (isTrusted, isNews) = state.withLock { state in
            let isTrusted = ContinuousClock.now < state.trustedUntil
            defer { state.isTrusted = isTrusted }
            return (isTrusted, isTrusted != state.isTrusted)
        }
        guard isNews else { return }
        logger.notice(isTrusted ? "the cache is trusted" : "the cache is not trusted: the primary answers reads")
    }

    /// - Returns: `nil` if the cache failed.
    @discardableResult
    func attempt<T>(_ body: () async throws(CacheError) -> T) async -> T? {
        do throws(CacheError) {
            let value = try await body()
            state.withLock { $0.failures = 0 }
            return value
        } catch {
            // A caller that left says nothing of the cache.
            guard error.kind != .cancelled else { return nil }
            let isFirst = state.withLock { state in
                state.failures += 1
                if state.failures >= Self.tolerance { state.closedUntil = .now + Self.pause }
                return state.failures == 1
            }
            if isFirst { logger.info("the cache failed", metadata: ["error": "\(error)"]) }
            return nil
        }
    }

    public func deliver(_ advances: [Advance], on timeline: Timeline) async -> Bool {
        guard !advances.isEmpty else { return true }
        set(timeline)
        guard let documents = untrusted else { return false }
        return await attempt { () throws(CacheError) in try await documents.advance(advances) } != nil
    }

    /// Short, and another one for another timeline, Redis process or format.
    private static func namespace(_ timeline: Timeline, _ runID: String) -> String {
        let hash = SHA256.hash(data: Array("\(timeline.name)/\(runID)/\(RedisDocuments.formatVersion)".utf8))
        return "khata:" + hash.prefix(6).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
