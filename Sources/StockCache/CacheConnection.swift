import Basics
import Crypto
public import Inventory
public import Logging
public import Redis
import Synchronization

typealias CacheError = RedisError

/// This process's view of the cache: which one is current, whether it is reachable, whether it is trusted. Invalidates
/// it.
///
/// A circuit breaker keeps callers from waiting for a cache that fails.
public final class CacheConnection: CacheInvalidating {
    private struct State {
        /// The state last read from the primary; `nil` until it is known.
        var current: CacheState?
        /// Those of the current namespace, if this process is connected to its Redis.
        var documents: RedisDocuments?
        /// The cache is trusted until then: its marks include every acknowledged change. `nil` if it never was.
        var trustedUntil: ContinuousClock.Instant?
        /// The value that was last logged.
        var wasTrusted = false
        var failures = 0
        var closedUntil = ContinuousClock.now

        var isTrusted: Bool { trustedUntil.map { .now < $0 } ?? false }
    }

    let client: RedisClient
    private let recentBytes: Int
    let onFill: @Sendable (DocumentKey) -> Void
    private let logger: Logger
    private let state = Mutex(State())

    /// After this many consecutive failures, the cache is not used for this long.
    private static let maximumFailures = 3
    private static let pause = Duration.milliseconds(200)

    /// - Parameters:
    ///   - client: Closed by its creator.
    ///   - recentBytes: Memory for documents that this process also keeps, so that Redis need not send them again.
    ///   - onFill: Called when a document was stored in the cache. Must not wait for anything.
    public init(
        _ client: RedisClient, recentBytes: Int, onFill: @escaping @Sendable (DocumentKey) -> Void = { _ in },
        logger: Logger
    ) {
        self.client = client
        self.recentBytes = recentBytes
        self.onFill = onFill
        self.logger = logger
    }

    /// Whether documents can be read from the cache and stored in it.
    public var isTrusted: Bool { trustedDocuments != nil }

    /// How long ago the cache was last known to be complete: zero while it is trusted, `nil` if it never was.
    public var trustAge: Duration? { lastTrusted?.at.map { .now - $0 } }

    /// For readers: `nil` while the cache is unavailable or not trusted.
    var trustedDocuments: RedisDocuments? {
        let (documents, trustedUntil) = reachable
        guard let trustedUntil, .now < trustedUntil else { return nil }
        return documents
    }

    /// Whether the documents are still trusted. To be checked after reading them: only then is the result valid.
    func trusts(_ documents: RedisDocuments) -> Bool {
        state.withLock { $0.isTrusted && $0.documents?.namespace == documents.namespace }
    }

    /// For the relay and its monitors, whether or not the cache is trusted: the documents of the current namespace, if
    /// its Redis is available.
    var reachableDocuments: RedisDocuments? { reachable.0 }

    /// For unproven reads: also the last moment at which the cache is known to have been complete, if there was one.
    var lastTrusted: (documents: RedisDocuments, at: ContinuousClock.Instant?)? {
        let (documents, trustedUntil) = reachable
        return documents.map { ($0, trustedUntil.map { min($0, .now) }) }
    }

    private var reachable: (RedisDocuments?, trustedUntil: ContinuousClock.Instant?) {
        state.withLock { state in
            guard let current = state.current, let namespace = current.namespace, let secret = current.secret,
                ContinuousClock.now >= state.closedUntil
            else { return (nil, state.trustedUntil) }
            if let documents = state.documents, client.isConnected(to: documents.identity) {
                return (documents, state.trustedUntil)
            }
            let identity = client.identities.first { Self.isNamespace(namespace, in: current.history, of: $0) }
            guard let identity else { return (nil, state.trustedUntil) }
            if state.documents?.identity != identity {
                state.documents = RedisDocuments(
                    client: client, identity: identity, namespace: namespace, history: current.history,
                    recent: RecentDocuments(maximumBytes: recentBytes),
                    seal: DocumentSeal(secret, namespace: namespace, history: current.history))
            }
            return (state.documents, state.trustedUntil)
        }
    }

    /// Sets the current cache; everything known of another one is dropped. A state that arrives out of order does no
    /// harm: the old namespace has no heartbeat any more.
    func learn(_ current: CacheState) {
        state.withLock { state in
            guard state.current != current else { return }
            state.current = current
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
        let (isTrusted, hasChanged) = state.withLock { state in
            let isTrusted = state.isTrusted
            defer { state.wasTrusted = isTrusted }
            return (isTrusted, isTrusted != state.wasTrusted)
        }
        guard hasChanged else { return }
        logger.notice(isTrusted ? "the cache is trusted" : "the cache is not trusted: reads go to the databases")
    }

    /// - Returns: `nil` if the cache failed.
    @discardableResult
    func attempt<T>(_ body: () async throws(CacheError) -> T) async -> T? {
        do throws(CacheError) {
            let value = try await body()
            state.withLock { $0.failures = 0 }
            return value
        } catch {
            // A cancelled caller does not mean that the cache failed.
            guard error.kind != .cancelled else { return nil }
            let isFirst = state.withLock { state in
                state.failures += 1
                if state.failures >= Self.maximumFailures { state.closedUntil = .now + Self.pause }
                return state.failures == 1
            }
            if isFirst { logger.info("the cache failed", metadata: ["error": "\(error)"]) }
            return nil
        }
    }

    public func invalidate(_ invalidations: [Invalidation], in current: CacheState) async -> Bool {
        guard !invalidations.isEmpty else { return true }
        learn(current)
        guard let documents = reachableDocuments, documents.namespace == current.namespace else { return false }
        return await attempt { () throws(CacheError) in try await documents.invalidate(invalidations) } != nil
    }

    /// A new namespace, in the Redis that this process is connected to.
    /// - Returns: `nil` if it cannot be written to.
    func writableNamespace(in history: History) async -> String? {
        guard let identity = client.identities.min() else { return nil }
        let name = (0..<4).map { _ in UInt8.random(in: 0...255) }.hexadecimal[...]
        let namespace = Self.namespace(history, identity, named: name)
        let isWritten: Void? = await attempt { () throws(CacheError) in
            _ = try await client.send(
                RedisCommand("SET", .string("\(namespace):probe"), "1", "PX", "1000"), expecting: identity)
        }
        return isWritten == nil ? nil : namespace
    }

    /// Deletes all marks: instances of version 3, should they come back, must not trust marks that missed
    /// invalidations. Redis may hold millions of keys, so each call stops after half a second.
    /// - Parameter cursor: Where to continue; `0` to begin.
    /// - Returns: Where it stopped, `0` when done; `nil` if the cache failed.
    func deleteAllMarks(from cursor: String) async -> String? {
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

    /// Short, and different for each history of the ledger, Redis and format of documents; and for each name, eight
    /// random hexadecimal digits, so that restoring a backup does not bring an old one back.
    private static func namespace(_ history: History, _ identity: String, named name: Substring) -> String {
        let identifiers = "\(history.id)/\(name)/\(identity)/\(RedisDocuments.formatVersion)"
        return "khata:\(name)\(SHA256.hash(data: Array(identifiers.utf8)).prefix(6).hexadecimal)"
    }

    private static func isNamespace(_ namespace: String, in history: History, of identity: String) -> Bool {
        self.namespace(history, identity, named: namespace.dropFirst("khata:".count).prefix(8)) == namespace
    }
}
