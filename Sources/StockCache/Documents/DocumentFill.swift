import Basics
import Inventory

/// Loads one document from the database for all callers in this process, and fills the cache with it. Processes take
/// turns through a lease: while another one holds it, this one waits 50 ms for its result, then loads the document too.
///
/// The lease only saves work. The marks decide what may be served and stored, whoever holds the lease.
struct DocumentFill {
    let cache: CacheConnection
    let admission: DocumentAdmission
    let key: DocumentKey
    /// Whose request it is; `nil` to store the document in any case.
    let reader: String?
    let render: DocumentRenderer

    /// Between lookups while another process loads the document: 50 ms in total.
    private static let pauses = [2, 4, 8, 16, 20].map { Duration.milliseconds($0) }

    private var part: CachePart { cache.part(of: key.storeID) }

    /// - Parameter first: The leader's lookup. Callers joined for its requirement, so no later lookup may require less.
    func document(_ first: CacheLookup) async throws(LedgerError) -> Document {
        var lookup = first
        var lease = await acquireLease(lookup)
        for pause in Self.pauses where lease.isHeldElsewhere {
            guard (try? await Task.sleep(for: pause)) != nil else { break }
            let next = await part.lookup(key)
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
            let isAdmitted = admission.admits(document, key, for: reader, isStored: lookup.isStored)
            if isAdmitted || lease.isHeld {
                await cache.fill(documents, key, document, nonce: lease.nonce, isAdmitted: isAdmitted)
            }
            return document
        } catch {
            // Others must not wait for a failed load.
            await part.attempt { () throws(CacheError) in
                try await documents.abandon(key, claimed: lease.claimed, nonce: lease.nonce)
            }
            throw error
        }
    }

    /// Claims the unknown marks, or leases the document if it is to be stored. If Redis does not respond, there is no
    /// waiting.
    private func acquireLease(_ lookup: CacheLookup) async -> FillLease {
        var lease = FillLease()
        guard let documents = lookup.documents else { return lease }
        guard lookup.required == nil else {
            guard admission.expects(key, for: reader, isStored: lookup.isStored) else { return lease }
            let isOwn = await part.attempt { () throws(CacheError) in
                try await documents.lease(key, nonce: lease.nonce)
            }
            lease.isHeld = isOwn != false
            lease.isHeldElsewhere = isOwn == false
            return lease
        }
        var isClaimed = false
        for storeID in lookup.unknown {
            let isOwn = await part.attempt { () throws(CacheError) in
                try await documents.claim(storeID, nonce: lease.nonce)
            }
            if isOwn == true { lease.claimed.insert(storeID) }
            if isOwn == false { isClaimed = true }
        }
        lease.isHeldElsewhere = isClaimed && lease.claimed.isEmpty
        return lease
    }

    /// Reads the primary, and establishes the marks that are still claimed.
    private func loadFromPrimary(_ documents: RedisDocuments, _ lease: FillLease) async throws(LedgerError) -> Document
    {
        let document = try await render(Freshness(isFromPrimary: true))
        guard document.stamp.history == documents.history else { return document }
        if key.storeID != .catalog, lease.claimed.contains(.catalog) {
            await part.attempt { () throws(CacheError) in
                try await documents.establish(.catalog, document.stamp.catalogPosition, nonce: lease.nonce)
            }
        }
        // If another process has the claim, the script stores nothing.
        await cache.fill(
            documents, key, document, nonce: lease.claimed.contains(key.storeID) ? lease.nonce : nil,
            isAdmitted: admission.admits(document, key, for: reader, isStored: false))
        return document
    }
}

extension CacheConnection {
    /// Stores a document in the cache, unless the ledger has changed to another history meanwhile.
    func fill(
        _ documents: RedisDocuments, _ key: DocumentKey, _ document: Document, nonce: String?, isAdmitted: Bool
    ) async {
        guard document.stamp.history == documents.history else { return }
        let isStored = await part(of: key.storeID).attempt { () throws(CacheError) in
            try await documents.fill(key, document, nonce: nonce, isAdmitted: isAdmitted)
        }
        if isStored == true { onFill(key) }
    }
}

/// The lease or claims that a fill holds, so that other processes wait for it.
private struct FillLease {
    /// Identifies its lease or claims. New for each attempt, so that a claim whose reply was lost belongs to none.
    let nonce = String.randomID()
    var claimed: Set<StoreID> = []
    /// This process may have the lease.
    var isHeld = false
    /// Another process loads the document.
    var isHeldElsewhere = false
}
