import Basics
public import Inventory
public import Logging
public import Redis
import Synchronization

/// This process's view of the cache. Invalidates it.
///
/// The cache in a Redis Cluster has many parts, each in one of its masters, so that a master that fails makes only its parts
/// cold: `docs/coherence.md`.
public final class CacheConnection: CacheInvalidating {
    let client: RedisClient
    let parts: [CachePart]
    let onFill: @Sendable (DocumentKey) -> Void
    private let logger: Logger
    private let state = Mutex<CacheState?>(nil)
    /// How many parts were trusted when that was last logged, and when it may be logged again.
    private let logged = Mutex<(trustedParts: Int, next: ContinuousClock.Instant)>((0, .now))

    /// All parts of a Redis fail at once, or nearly so: one line for each is too many.
    private static let logInterval = Duration.seconds(1)

    /// Several for each master, so that they are spread evenly. Each has a heartbeat, so more would cost more.
    private static let partsOfCluster = 64

    /// - Parameters:
    ///   - client: Closed by its creator.
    ///   - recentBytes: Memory for documents that this process also keeps, so that Redis need not send them again.
    ///   - parts: How many the cache has. All instances must agree: one that has another number does not use the cache.
    ///   - onFill: Called when a document was stored in the cache. Must not wait for anything.
    public init(
        _ client: RedisClient, recentBytes: Int, parts: Int? = nil,
        onFill: @escaping @Sendable (DocumentKey) -> Void = { _ in }, logger: Logger
    ) {
        self.client = client
        self.onFill = onFill
        self.logger = logger
        let count = parts ?? (client.isCluster ? Self.partsOfCluster : 1)
        let failures = FailureLog(logger, interval: Self.logInterval)
        self.parts = (0..<count).map { number in
            CachePart(client, tag: "\(number)", recentBytes: recentBytes / count) { failures.log($0) }
        }
    }

    /// The part that has the documents of a store.
    func part(of storeID: StoreID) -> CachePart { parts[CacheNamespaces.part(of: storeID, among: parts.count)] }

    /// Whether documents can be read from the cache and stored in it, whatever store they are of.
    public var isTrusted: Bool { trustedParts == parts.count }

    /// The share of the cache that is trusted: 1 if all of it is.
    public var trustedShare: Double { Double(trustedParts) / Double(parts.count) }

    var trustedParts: Int { parts.count { $0.trustedDocuments != nil } }

    /// How long ago all of the cache was last known to be complete: zero while it is trusted, `nil` if it never was.
    public var trustAge: Duration? {
        let ages = parts.map(\.trustAge)
        return ages.contains(nil) ? nil : ages.lazy.compactMap(\.self).max()
    }

    /// Sets the current cache.
    func learn(_ state: CacheState) {
        self.state.withLock { known in
            guard known != state else { return }
            known = state
            for (number, part) in parts.enumerated() { part.learn(namespace(of: number, in: state)) }
        }
    }

    private func namespace(of number: Int, in state: CacheState) -> CurrentNamespace? {
        guard let names = state.namespaces?.parts, names.count == parts.count, let name = names[number],
            let secret = state.secret
        else { return nil }
        return CurrentNamespace(name: String(name), history: state.history, secret: secret)
    }

    /// Logs that the cache is trusted, or is not, if that has changed.
    func logTrust() {
        let trusted = trustedParts
        let isDue = logged.withLock { logged in
            guard trusted != logged.trustedParts, .now >= logged.next else { return false }
            logged = (trusted, .now + Self.logInterval)
            return true
        }
        guard isDue else { return }
        switch trusted {
        case parts.count: logger.notice("the cache is trusted")
        case 0: logger.notice("the cache is not trusted: reads go to the databases")
        default: logger.notice("\(trusted) of \(parts.count) parts of the cache are trusted")
        }
    }

    public func invalidate(_ invalidations: [Invalidation], in state: CacheState) async -> Bool {
        guard let namespaces = state.namespaces else { return true }
        learn(state)
        let concerned = namespaces.byPart(invalidations)
        guard concerned.isEmpty || namespaces.parts.count == parts.count else { return false }
        return await invalidate(concerned, in: namespaces).count == concerned.count
    }

    /// - Parameter invalidations: By part.
    /// - Returns: The parts that are invalidated now.
    func invalidate(_ invalidations: [Int: [Invalidation]], in namespaces: CacheNamespaces) async -> Set<Int> {
        let done = await concurrently(invalidations.keys) { [parts] number in
            guard let documents = parts[number].reachableDocuments,
                documents.namespace[...] == namespaces.parts[number]
            else { return false }
            return await parts[number].attempt { () throws(CacheError) in
                try await documents.invalidate(invalidations[number, default: []])
            } != nil
        }
        return Set(done.lazy.filter(\.value).map(\.key))
    }

    /// Deletes all marks: instances of version 3, should they come back, must not trust marks that missed
    /// invalidations. Redis may hold millions of keys, so each call stops after half a second.
    /// - Parameter cursor: Where to continue; `0` to begin.
    /// - Returns: Where it stopped, `0` when done; `nil` if the cache failed.
    func deleteAllMarks(from cursor: String) async -> String? {
        // They do not use a Redis Cluster.
        guard !client.isCluster else { return "0" }
        return await parts[0].attempt { () throws(CacheError) in
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
}

/// Logs failures of the cache, one in an interval.
private final class FailureLog: Sendable {
    private let logger: Logger
    private let interval: Duration
    private let next = Mutex(ContinuousClock.now)

    init(_ logger: Logger, interval: Duration) {
        self.logger = logger
        self.interval = interval
    }

    func log(_ error: CacheError) {
        let isDue = next.withLock { next in
            guard .now >= next else { return false }
            next = .now + interval
            return true
        }
        if isDue { logger.info("the cache failed", metadata: ["error": "\(error)"]) }
    }
}

/// Runs a function for each part at the same time.
func concurrently<T: Sendable>(
    _ numbers: some Collection<Int>, _ body: @escaping @Sendable (Int) async -> T
) async -> [Int: T] {
    // Saves the task: there is no other part in a single Redis.
    if numbers.count == 1, let only = numbers.first { return [only: await body(only)] }
    return await withTaskGroup { group in
        for number in numbers { group.addTask { (number, await body(number)) } }
        return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
}
