import Crypto
public import Inventory
public import Logging
public import Redis
import Synchronization

typealias CacheError = RedisError

/// The cache as this process sees it: which one counts, whether it can be asked, and whether it may be trusted.
///
/// Also invalidates it. A cache that fails is left alone for a moment; nobody waits for it more than once.
public final class CacheConnection: CacheInvalidating {
    private struct State {
        /// What the primary said last; `nil` until it is known.
        var counting: CacheState?
        /// Of the namespace that counts, if this process is connected to its Redis.
        var documents: RedisDocuments?
        /// Until when it is sure that the documents' marks lack nothing that was acknowledged; `nil` if it never was.
        var trustedUntil: ContinuousClock.Instant?
        /// What the log says of that.
        var wasTrusted = false
        var failures = 0
        var closedUntil = ContinuousClock.now

        var isTrusted: Bool { trustedUntil.map { .now < $0 } ?? false }
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
    public var isTrusted: Bool { trustedDocuments != nil }

    /// For readers: `nil` while the cache cannot be asked or is not trusted.
    var trustedDocuments: RedisDocuments? {
        let (documents, trustedUntil) = reachable
        guard let trustedUntil, .now < trustedUntil else { return nil }
        return documents
    }

    /// Whether the documents are still to be trusted: what was read of them meanwhile counts only then.
    func trusts(_ documents: RedisDocuments) -> Bool {
        state.withLock { $0.isTrusted && $0.documents?.namespace == documents.namespace }
    }

    /// For the relay and its monitors, whether or not the cache is trusted: the documents of the namespace that counts, if its
    /// Redis can be asked.
    var reachableDocuments: RedisDocuments? { reachable.0 }

    /// Likewise for who has nothing better to say, with the last moment at which the cache lacked nothing, if there was one.
    var lastTrusted: (documents: RedisDocuments, at: ContinuousClock.Instant?)? {
        let (documents, trustedUntil) = reachable
        return documents.map { ($0, trustedUntil.map { min($0, .now) }) }
    }

    private var reachable: (RedisDocuments?, trustedUntil: ContinuousClock.Instant?) {
        state.withLock { state in
            guard let counting = state.counting, let namespace = counting.namespace,
                ContinuousClock.now >= state.closedUntil
            else { return (nil, state.trustedUntil) }
            if let documents = state.documents, client.isConnected(to: documents.identity) {
                return (documents, state.trustedUntil)
            }
            let identity = client.identities.first { Self.isNamespace(namespace, in: counting.history, of: $0) }
            guard let identity else { return (nil, state.trustedUntil) }
            if state.documents?.identity != identity {
                state.documents = RedisDocuments(
                    client: client, identity: identity, namespace: namespace, history: counting.history,
                    recent: RecentDocuments(maximumBytes: recentBytes))
            }
            return (state.documents, state.trustedUntil)
        }
    }

    /// What is known of another cache is worth nothing. An answer that was overtaken by others does no harm: nobody beats
    /// there any more.
    func learn(_ counting: CacheState) {
        state.withLock { state in
            guard state.counting != counting else { return }
            state.counting = counting
            state.documents = nil
            state.trustedUntil = nil
        }
    }

    func trust(_ documents: RedisDocuments, until deadline: ContinuousClock.Instant) {
        state.withLock { state in
            guard state.documents?.namespace == documents.namespace else { return }
            state.trustedUntil = deadline
        }
    }

    func logTrust() {
        let (isTrusted, isNews) = state.withLock { state in
            let isTrusted = state.isTrusted
            defer { state.wasTrusted = isTrusted }
            return (isTrusted, isTrusted != state.wasTrusted)
        }
        guard isNews else { return }
        logger.notice(isTrusted ? "the cache is trusted" : "the cache is not trusted: the databases answer reads")
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

    public func invalidate(_ invalidations: [Invalidation], in counting: CacheState) async -> Bool {
        guard !invalidations.isEmpty else { return true }
        learn(counting)
        guard let documents = reachableDocuments, documents.namespace == counting.namespace else { return false }
        return await attempt { () throws(CacheError) in try await documents.invalidate(invalidations) } != nil
    }

    /// A namespace that never was, of the Redis that this process is connected to.
    /// - Returns: `nil` if nothing can be written to it.
    func writableNamespace(in history: History) async -> String? {
        guard let identity = client.identities.min() else { return nil }
        let name = Self.hexadecimal((0..<4).map { _ in UInt8.random(in: 0...255) })
        let namespace = Self.namespace(history, identity, named: name)
        let isWritten: Void? = await attempt { () throws(CacheError) in
            _ = try await client.send(
                RedisCommand("SET", .string("\(namespace):probe"), "1", "PX", "1000"), expecting: identity)
        }
        return isWritten == nil ? nil : namespace
    }

    /// Makes all marks unknown: programs of version 3, should they come back, are to find out anew what they missed
    /// meanwhile. Redis may hold millions of keys, so it stops after a moment.
    /// - Parameter cursor: Where to go on; `0` to begin.
    /// - Returns: Where it has stopped, `0` if all is done; `nil` if the cache failed.
    func forgetOthers(from cursor: String) async -> String? {
        await attempt { () throws(CacheError) in
            let deadline = ContinuousClock.now + .milliseconds(500)
            var cursor = cursor
            repeat {
                let reply = try await client.send(
                    RedisCommand("SCAN", .string(cursor), "MATCH", "khata:*:mark", "COUNT", "1000")
                ).array
                cursor = reply?.first?.string ?? "0"
                let keys = reply?.last?.array?.compactMap(\.bytes) ?? []
                if !keys.isEmpty { _ = try await client.send(RedisCommand("UNLINK", keys.map(RedisArgument.bytes))) }
            } while cursor != "0" && ContinuousClock.now < deadline
            return cursor
        }
    }

    /// Short, and another one for each history of the ledger, Redis and format of documents; and for each name, which is of
    /// eight digits, so that no backup brings an old one back.
    private static func namespace(_ history: History, _ identity: String, named name: Substring) -> String {
        let whole = "\(history.id)/\(name)/\(identity)/\(RedisDocuments.formatVersion)"
        return "khata:\(name)\(hexadecimal(SHA256.hash(data: Array(whole.utf8)).prefix(6)))"
    }

    private static func isNamespace(_ namespace: String, in history: History, of identity: String) -> Bool {
        self.namespace(history, identity, named: namespace.dropFirst("khata:".count).prefix(8)) == namespace
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> Substring {
        Substring(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
    }
}
