import Basics
import Crypto
import Inventory
import Redis
import Synchronization

typealias CacheError = RedisError

/// This process's view of one part of the cache: which namespace is current, whether its Redis is reachable, whether it is
/// trusted.
///
/// A circuit breaker keeps callers from waiting for a Redis that fails.
final class CachePart: Sendable {
    private struct State {
        /// Those last read from the primary; `nil` until they are known, and while the part is off.
        var current: CurrentNamespace?
        /// Those of the current namespace, if this process is connected to its Redis.
        var documents: RedisDocuments?
        /// The part is trusted until then: its marks include every acknowledged change. `nil` if it never was.
        var trustedUntil: ContinuousClock.Instant?
        /// The same, of whichever namespace was trusted last.
        var completeUntil: ContinuousClock.Instant?
        var failures = 0
        var closedUntil = ContinuousClock.now

        var isTrusted: Bool { trustedUntil.map { .now < $0 } ?? false }
    }

    private let client: RedisClient
    /// In braces, the part of all its keys that tells a Redis Cluster where they are.
    private let tag: String
    private let recentBytes: Int
    private let onFailure: @Sendable (CacheError) -> Void
    private let state = Mutex(State())

    /// After this many consecutive failures, the part is not used for this long.
    private static let maximumFailures = 3
    private static let pause = Duration.milliseconds(200)

    /// - Parameter onFailure: Called with the first of consecutive failures.
    init(
        _ client: RedisClient, tag: String, recentBytes: Int, onFailure: @escaping @Sendable (CacheError) -> Void
    ) {
        self.client = client
        self.tag = tag
        self.recentBytes = recentBytes
        self.onFailure = onFailure
    }

    /// For readers: `nil` while the part is unavailable or not trusted.
    var trustedDocuments: RedisDocuments? {
        let (documents, trustedUntil) = reachable
        guard let trustedUntil, .now < trustedUntil else { return nil }
        return documents
    }

    /// Whether the documents are still trusted. To be checked after reading them: only then is the result valid.
    func trusts(_ documents: RedisDocuments) -> Bool {
        state.withLock { $0.isTrusted && $0.documents?.namespace == documents.namespace }
    }

    /// For the relay and its monitors, whether or not the part is trusted: the documents of the current namespace, if
    /// its Redis is available.
    var reachableDocuments: RedisDocuments? { reachable.0 }

    /// For unproven reads: also the last moment at which the part is known to have been complete, if there was one.
    var lastTrusted: (documents: RedisDocuments, at: ContinuousClock.Instant?)? {
        let (documents, trustedUntil) = reachable
        return documents.map { ($0, trustedUntil.map { min($0, .now) }) }
    }

    private var reachable: (RedisDocuments?, trustedUntil: ContinuousClock.Instant?) {
        state.withLock { state in
            guard let current = state.current, ContinuousClock.now >= state.closedUntil else {
                return (nil, state.trustedUntil)
            }
            if let documents = state.documents, client.isConnected(to: documents.identity) {
                return (documents, state.trustedUntil)
            }
            guard let identity = client.identities.first(where: current.isIn) else { return (nil, state.trustedUntil) }
            if state.documents?.identity != identity {
                state.documents = RedisDocuments(
                    client: client, identity: identity, namespace: current.name, tag: tag, history: current.history,
                    recent: RecentDocuments(maximumBytes: recentBytes),
                    seal: DocumentSeal(current.secret, namespace: current.name, history: current.history))
            }
            return (state.documents, state.trustedUntil)
        }
    }

    /// Sets the current namespace; everything known of another one is dropped. One that arrives out of order does no harm:
    /// the old namespace has no heartbeat any more.
    func learn(_ current: CurrentNamespace?) {
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
            (state.trustedUntil, state.completeUntil) = (deadline, deadline)
        }
    }

    /// How long ago the part was last known to be complete: zero while it is trusted, `nil` if it never was.
    var trustAge: Duration? {
        state.withLock(\.completeUntil).map { max(.zero, .now - $0) }
    }

    /// - Returns: `nil` if the cache failed.
    @discardableResult
    func attempt<T>(_ body: () async throws(CacheError) -> T) async -> T? {
        do throws(CacheError) {
            let value = try await body()
            note(nil)
            return value
        } catch {
            note(error)
            return nil
        }
    }

    /// What became of a request; `nil` if it had a reply.
    func note(_ error: CacheError?) {
        guard let error else { return state.withLock { $0.failures = 0 } }
        // A cancelled caller does not mean that the cache failed.
        guard error.kind != .cancelled else { return }
        let isFirst = state.withLock { state in
            state.failures += 1
            if state.failures >= Self.maximumFailures { state.closedUntil = .now + Self.pause }
            return state.failures == 1
        }
        if isFirst { onFailure(error) }
    }

    /// A new namespace, in the Redis that has this part.
    /// - Returns: `nil` if it cannot be written to.
    func writableNamespace(in history: History) async -> Substring? {
        guard let identity = client.identity(serving: "{\(tag)}") else { return nil }
        let namespace = CurrentNamespace.newName(in: history, identity)
        let probe = RedisCommand("SET", .string("\(namespace):{\(tag)}:probe"), "1", "PX", "1000")
        let reply = await attempt { () throws(CacheError) in try await client.send(probe, expecting: identity) }
        return reply == nil ? nil : namespace[...]
    }
}

/// The current namespace of a part of the cache.
struct CurrentNamespace: Hashable, Sendable {
    let name: String
    let history: History
    let secret: CacheSecret

    /// Whether it is one of this Redis.
    func isIn(_ identity: String) -> Bool {
        Self.name(history, identity, name.dropFirst(Self.prefix.count).prefix(8)) == name
    }

    static func newName(in history: History, _ identity: String) -> String {
        name(history, identity, (0..<4).map { _ in UInt8.random(in: 0...255) }.hexadecimal[...])
    }

    private static let prefix = "khata:"

    /// Short, and different for each history of the ledger, Redis and format of documents; and for each name, eight
    /// random hexadecimal digits, so that restoring a backup does not bring an old one back.
    private static func name(_ history: History, _ identity: String, _ random: Substring) -> String {
        let identifiers = "\(history.id)/\(random)/\(identity)/\(RedisDocuments.formatVersion)"
        return "\(prefix)\(random)\(SHA256.hash(data: Array(identifiers.utf8)).prefix(6).hexadecimal)"
    }
}
