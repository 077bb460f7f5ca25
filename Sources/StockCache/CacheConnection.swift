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
        /// Names the PostgreSQL cluster and its timeline; `nil` until it is known.
        var cluster: String?
        /// Whether the relay's heart beats, so that no commit stays untold.
        var isTrusted = false
        var failures = 0
        var closedUntil = ContinuousClock.now
    }

    let client: RedisClient
    private let logger: Logger
    private let state = Mutex(State())

    /// So many failures in a row, and the cache is not asked for so long.
    private static let tolerance = 3
    private static let pause = Duration.milliseconds(200)

    public init(_ client: RedisClient, logger: Logger) {
        self.client = client
        self.logger = logger
    }

    /// Ends the connection; nothing is cached any more.
    public func close() async { await client.close() }

    /// For readers: `nil` while the cache cannot be asked or is not trusted.
    var documents: RedisDocuments? {
        let (documents, isTrusted) = reachable
        return isTrusted ? documents : nil
    }

    private var reachable: (RedisDocuments?, isTrusted: Bool) {
        guard let runID = client.runID else { return (nil, false) }
        return state.withLock { state in
            guard let cluster = state.cluster, ContinuousClock.now >= state.closedUntil else { return (nil, false) }
            return (
                RedisDocuments(client: client, runID: runID, namespace: Self.namespace(cluster, runID)),
                state.isTrusted
            )
        }
    }

    /// For the relay and its watchers: whether or not the cache is trusted.
    var untrusted: RedisDocuments? { reachable.0 }

    func setCluster(_ cluster: String?) { state.withLock { $0.cluster = cluster } }

    func setTrusted(_ isTrusted: Bool) {
        guard state.withLock({ state in
            defer { state.isTrusted = isTrusted }
            return state.isTrusted != isTrusted
        }) else { return }
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
            let isFirst = state.withLock { state in
                state.failures += 1
                if state.failures >= Self.tolerance { state.closedUntil = .now + Self.pause }
                return state.failures == 1
            }
            if isFirst { logger.info("the cache failed", metadata: ["error": "\(error)"]) }
            return nil
        }
    }

    public func deliver(_ advances: [Advance]) async -> Bool {
        guard !advances.isEmpty else { return true }
        guard let documents = untrusted else { return false }
        return await attempt { () throws(CacheError) in try await documents.advance(advances) } != nil
    }

    /// Short, and another one for another cluster, timeline, Redis process or format.
    private static func namespace(_ cluster: String, _ runID: String) -> String {
        let hash = SHA256.hash(data: Array("\(cluster)/\(runID)/\(RedisDocuments.formatVersion)".utf8))
        return "khata:" + hash.prefix(6).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
