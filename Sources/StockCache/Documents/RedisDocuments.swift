import Inventory
import NIOCore
import Redis

/// Marks and documents of a part of the cache in Redis.
///
/// All keys begin with a namespace, which differs for each part, Redis, history and generation: a new one starts cold, never
/// stale. In braces follows the part's tag: a Redis Cluster keeps keys with the same one in the same place.
struct RedisDocuments: Sendable {
    let client: RedisClient
    let identity: String
    let namespace: String
    let tag: String
    /// The history that positions in the namespace belong to.
    let history: History
    /// Per namespace, because positions mean something else in another one.
    let recent: RecentDocuments
    let seal: DocumentSeal

    static let formatVersion = 5
    private static let markLifetime = Int64(3_600_000)
    private static let leaseLifetime = Int64(2_000)

    /// One round trip: reads the marks, then the document, and makes sure that Redis is a master.
    /// - Parameter recent: This process's own copy, which then is not requested.
    func read(_ key: DocumentKey, having recent: Document? = nil) async throws(CacheError) -> CacheReading {
        var fields: [RedisArgument] = [.string(mark(key.storeID)), "base", "*"]
        if let product = key.productID { fields.append(.string(product.description)) }
        var commands = [RedisCommand("HMGET", fields)]
        if key.storeID != .catalog { commands.append(RedisCommand("HMGET", .string(mark(.catalog)), "base", "*")) }
        let documentKey = document(key)
        if recent == nil { commands.append(RedisCommand("GET", .string(documentKey))) }
        // A replica refuses WAIT: its marks may be older than those it had as the master.
        commands.append(RedisCommand("WAIT", "0", "0"))
        let replies = try await client.pipeline(commands, expecting: identity)
        for reply in replies { if let error = reply.error { throw error } }
        var document = recent
        if recent == nil, let found = replies[replies.count - 2].bytes.flatMap({ seal.open($0, documentKey) }) {
            document = found.document
            self.recent.keep(found.document, key, renderedAt: found.renderedAt)
        }
        let mark = Mark(replies[0])
        return CacheReading(
            mark: mark, catalogMark: key.storeID == .catalog ? mark : Mark(replies[1]), document: document)
    }

    /// Some of the documents that Redis has, by the ledger's id and the name.
    /// - Parameter cursor: Where to continue; `0` to begin.
    /// - Returns: Also where it stopped: `0` when done.
    func list(from cursor: String) async throws(CacheError) -> (found: [(storeID: StoreID, name: String)], next: String)
    {
        let prefix = "\(prefix):"
        let reply = try await client.send(
            RedisCommand("SCAN", .string(cursor), "MATCH", .string("\(prefix)*:doc:*"), "COUNT", "100"),
            expecting: identity
        ).array
        let keys = reply?.last?.array?.compactMap(\.string) ?? []
        let found = keys.compactMap { key -> (storeID: StoreID, name: String)? in
            let rest = key.dropFirst(prefix.count)
            guard let end = rest.firstRange(of: ":doc:"), let id = Int64(rest[..<end.lowerBound]) else { return nil }
            return (StoreID(rawValue: id), String(rest[end.upperBound...]))
        }
        return (found, reply?.first?.string ?? "0")
    }

    /// Whether Redis has something else than a document of ours under its key.
    func isForged(_ key: DocumentKey) async throws(CacheError) -> Bool {
        let name = document(key)
        let stored = try await client.send(RedisCommand("GET", .string(name)), expecting: identity).bytes
        return stored.map { !seal.isGenuine($0, name) } ?? false
    }

    /// Claims an unknown mark: the caller then reads its position from the primary.
    /// - Returns: `false` if another process has the claim, or the mark is known.
    func claim(_ storeID: StoreID, nonce: String) async throws(CacheError) -> Bool {
        try await client.evaluate(
            Script.claim, keys: [.string(mark(storeID))], arguments: [.integer(Self.markLifetime), .string(nonce)],
            expecting: identity
        ).int64 == 1
    }

    /// Leases the right to fill the document.
    /// - Returns: `false` if another process has the lease.
    func lease(_ key: DocumentKey, nonce: String) async throws(CacheError) -> Bool {
        !(try await client.send(
            RedisCommand("SET", .string(lease(key)), .string(nonce), "NX", "PX", .integer(Self.leaseLifetime)),
            expecting: identity
        ).isNull)
    }

    /// Releases the claims and the lease with this nonce, so that others do not wait for them.
    func abandon(_ key: DocumentKey, claimed: Set<StoreID>, nonce: String) async throws(CacheError) {
        for storeID in claimed.union([key.storeID]) {
            let lease: [RedisArgument] = storeID == key.storeID ? [.string(lease(key))] : []
            _ = try await client.evaluate(
                Script.abandon, keys: [.string(mark(storeID))] + lease, arguments: [.string(nonce)], expecting: identity
            )
        }
    }

    /// Stores a document in memory and, if it is new enough, in Redis. With the claim, establishes the mark.
    /// - Parameters:
    ///   - nonce: Of the claim or the lease, which this releases.
    ///   - isAdmitted: Whether the document may be stored.
    /// - Returns: Whether Redis stored it.
    func fill(
        _ key: DocumentKey, _ document: Document, nonce: String?, isAdmitted: Bool
    ) async throws(CacheError) -> Bool {
        let now = Timestamp.now
        let documentKey = self.document(key)
        if isAdmitted { recent.keep(document, key, renderedAt: now) }
        return try await client.evaluate(
            Script.fill, keys: [.string(mark(key.storeID)), .string(documentKey), .string(lease(key))],
            arguments: [
                .integer(Self.markLifetime), .string(nonce ?? ""), .integer(document.stamp.position.rawValue),
                .string(key.productID?.description ?? ""),
                isAdmitted ? .bytes(seal.seal(document, documentKey, renderedAt: now)) : "",
                .integer(Int64(Int.random(in: DocumentAge.lifetime))),
            ], expecting: identity
        ).int64 == 1
    }

    /// Establishes a claimed mark, without a document.
    func establish(_ storeID: StoreID, _ position: Position, nonce: String) async throws(CacheError) {
        _ = try await client.evaluate(
            Script.fill, keys: [.string(mark(storeID))],
            arguments: [.integer(Self.markLifetime), .string(nonce), .integer(position.rawValue), "", "", .integer(1)],
            expecting: identity)
    }

    /// One round trip for all.
    func invalidate(_ invalidations: [Invalidation]) async throws(CacheError) {
        guard invalidations.count > 1 else {
            for invalidation in invalidations {
                _ = try await client.evaluate(
                    Script.invalidate, keys: [.string(mark(invalidation.storeID))],
                    arguments: Self.arguments(invalidation),
                    expecting: identity)
            }
            return
        }
        let replies = try await client.pipeline(
            [.load(Script.invalidate)]
                + invalidations.map {
                    .evaluate(Script.invalidate, keys: [.string(mark($0.storeID))], arguments: Self.arguments($0))
                }, expecting: identity)
        for reply in replies { if let error = reply.error { throw error } }
    }

    private static func arguments(_ invalidation: Invalidation) -> [RedisArgument] {
        invalidation.products.reduce(into: [.integer(markLifetime), .integer(invalidation.position.rawValue)]) {
            $0.append(.integer($1.key.rawValue))
            $0.append(.integer($1.value.rawValue))
        }
    }

    private var prefix: String { "\(namespace):{\(tag)}" }
    private func mark(_ storeID: StoreID) -> String { "\(prefix):\(storeID):mark" }
    private func document(_ key: DocumentKey) -> String { "\(prefix):\(key.storeID):doc:\(key.name)" }
    private func lease(_ key: DocumentKey) -> String { "\(prefix):\(key.storeID):fill:\(key.name)" }

    var beatKey: RedisArgument { .string("\(prefix):beat") }

    /// Sends a heartbeat, unless this Redis has been a replica meanwhile.
    func beat(_ value: String) async throws(CacheError) {
        let replicationID = identity.drop { $0 != "/" }.dropFirst()
        let isSet = try await client.evaluate(
            Script.beat, keys: [beatKey], arguments: [.string(String(replicationID)), .string(value), "10000"],
            expecting: identity)
        guard isSet.int64 == 1 else { throw CacheError(.serverChanged, "the Redis is not the master that it was") }
    }
}

extension Mark {
    /// Parses the reply to `HMGET`: base, *, and the product's field if it was requested.
    init(_ reply: RedisValue) {
        let fields = reply.array ?? []
        func position(_ index: Int) -> Position? {
            fields.indices.contains(index) ? fields[index].int64.map { Position(rawValue: $0) } : nil
        }
        self.init(base: position(0), highest: position(1), product: position(2))
    }
}
