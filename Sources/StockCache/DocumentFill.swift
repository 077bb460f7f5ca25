import Inventory

/// Loads one document from the database for all who need it in this process, and fills the cache with it. Processes take
/// turns through a lease: one that finds another at work waits a moment for its result, then loads all the same.
///
/// The lease only orders work. What may be served and stored is decided by the marks, whoever holds the lease.
struct DocumentFill {
    let cache: CacheConnection
    let key: DocumentKey
    let render: DocumentRenderer

    /// Between lookups for the result of another process: 50 ms in all.
    private static let pauses = [2, 4, 8, 16, 20].map { Duration.milliseconds($0) }

    /// - Parameter first: What the leader found. Callers joined for what it requires, so no later lookup may require less.
    func document(_ first: CacheLookup) async throws(LedgerError) -> Document {
        var lookup = first
        var lease = await acquireLease(lookup)
        for pause in Self.pauses where lease.isHeldElsewhere {
            guard (try? await Task.sleep(for: pause)) != nil else { break }
            let next = await cache.lookup(key)
            guard next.isAsStrict(as: first) else { break }
            if let hit = next.hit { return hit }
            lookup = next
            lease = await acquireLease(lookup)
        }
        guard let documents = lookup.documents else {
            return try await render(Freshness())
        }
        do throws(LedgerError) {
            guard let required = lookup.required else { return try await loadFromPrimary(documents, lease) }
            let document = try await render(Freshness(required: required))
            await cache.fill(documents, key, document, nonce: lease.nonce)
            return document
        } catch {
            // Nobody is to wait for what does not come.
            await cache.attempt { () throws(CacheError) in
                try await documents.abandon(key, claimed: lease.claimed, nonce: lease.nonce)
            }
            throw error
        }
    }

    /// Claims the marks that are unknown, or leases the document. Without an answer from Redis nobody waits.
    private func acquireLease(_ lookup: CacheLookup) async -> FillLease {
        var lease = FillLease()
        guard let documents = lookup.documents else { return lease }
        guard lookup.required == nil else {
            lease.isHeldElsewhere =
                await cache.attempt { () throws(CacheError) in
                    try await documents.lease(key, nonce: lease.nonce)
                } == false
            return lease
        }
        var isClaimed = false
        for storeID in lookup.unknown {
            let isOwn = await cache.attempt { () throws(CacheError) in
                try await documents.claim(storeID, nonce: lease.nonce)
            }
            if isOwn == true { lease.claimed.insert(storeID) }
            if isOwn == false { isClaimed = true }
        }
        lease.isHeldElsewhere = isClaimed && lease.claimed.isEmpty
        return lease
    }

    /// Reads the primary, and makes known the marks that are still claimed.
    private func loadFromPrimary(_ documents: RedisDocuments, _ lease: FillLease) async throws(LedgerError) -> Document
    {
        let document = try await render(Freshness(isFromPrimary: true))
        guard document.stamp.history == documents.history else { return document }
        if key.storeID != .catalog, lease.claimed.contains(.catalog) {
            await cache.attempt { () throws(CacheError) in
                try await documents.establish(.catalog, document.stamp.catalogPosition, nonce: lease.nonce)
            }
        }
        // With somebody else's claim in place, the script stores nothing.
        await cache.fill(
            documents, key, document, nonce: lease.claimed.contains(key.storeID) ? lease.nonce : nil)
        return document
    }
}

extension CacheConnection {
    /// Keeps a document for others, unless the ledger has gone on with another history meanwhile.
    func fill(_ documents: RedisDocuments, _ key: DocumentKey, _ document: Document, nonce: String?) async {
        guard document.stamp.history == documents.history else { return }
        await attempt { () throws(CacheError) in try await documents.fill(key, document, nonce: nonce) }
    }
}

/// What a fill holds in the cache, so that other processes wait for it.
private struct FillLease {
    /// Of its lease or its claims. Another one for each attempt: a claim whose answer was lost must stay nobody's.
    let nonce = String(UInt64.random(in: .min ... .max), radix: 36)
    var claimed: Set<StoreID> = []
    /// Another process holds all that this one needs.
    var isHeldElsewhere = false
}
