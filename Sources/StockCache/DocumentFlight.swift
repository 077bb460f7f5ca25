import Inventory

/// Reads one document from the database for all who need it in this process, and takes turns with other processes: who
/// finds another one at work waits a moment for what that brings, then reads all the same.
///
/// The turns only order work. What may be served and stored is for the marks to say, whoever's turn it was.
struct DocumentFlight {
    let cache: CacheConnection
    let key: DocumentKey
    let render: DocumentRenderer

    /// Between looks at what another process brings: 50 ms in all.
    private static let pauses = [2, 4, 8, 16, 20].map { Duration.milliseconds($0) }

    /// - Parameter first: What the leader saw. Callers joined for what it promises, so no later look may promise less.
    func document(_ first: Look) async throws(LedgerError) -> Document {
        var look = first
        var turn = await takeTurn(look)
        for pause in Self.pauses where turn.isOthers {
            guard (try? await Task.sleep(for: pause)) != nil else { break }
            let next = await cache.look(key)
            guard next.promises(asMuchAs: first) else { break }
            if let hit = next.hit { return hit }
            look = next
            turn = await takeTurn(look)
        }
        guard let documents = look.documents else {
            return try await render(Freshness())
        }
        do throws(LedgerError) {
            guard let required = look.required else { return try await findOut(documents, turn) }
            let document = try await render(Freshness(required: required))
            await cache.fill(documents, key, document, nonce: turn.nonce)
            return document
        } catch {
            // Nobody is to wait for what does not come.
            await cache.attempt { () throws(CacheError) in
                try await documents.abandon(key, claimed: turn.claimed, nonce: turn.nonce)
            }
            throw error
        }
    }

    /// Claims the marks that are unknown, or leases the document. Without an answer from Redis nobody waits.
    private func takeTurn(_ look: Look) async -> Turn {
        var turn = Turn()
        guard let documents = look.documents else { return turn }
        guard look.required == nil else {
            turn.isOthers =
                await cache.attempt { () throws(CacheError) in
                    try await documents.lease(key, nonce: turn.nonce)
                } == false
            return turn
        }
        var isClaimed = false
        for storeID in look.unknown {
            let isOwn = await cache.attempt { () throws(CacheError) in
                try await documents.claim(storeID, nonce: turn.nonce)
            }
            if isOwn == true { turn.claimed.insert(storeID) }
            if isOwn == false { isClaimed = true }
        }
        turn.isOthers = isClaimed && turn.claimed.isEmpty
        return turn
    }

    /// Reads the primary, and makes known the marks that are still claimed.
    private func findOut(_ documents: RedisDocuments, _ turn: Turn) async throws(LedgerError) -> Document {
        let document = try await render(Freshness(isFromPrimary: true))
        guard document.stamp.history == documents.history else { return document }
        if key.storeID != .catalog, turn.claimed.contains(.catalog) {
            await cache.attempt { () throws(CacheError) in
                try await documents.establish(.catalog, document.stamp.catalogPosition, nonce: turn.nonce)
            }
        }
        // With somebody else's claim in place, the script stores nothing.
        await cache.fill(
            documents, key, document, nonce: turn.claimed.contains(key.storeID) ? turn.nonce : nil)
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

/// What a flight holds in the cache, so that other processes wait for it.
private struct Turn {
    /// Of its lease or its claims. Another one for each attempt: a claim whose answer was lost must stay nobody's.
    let nonce = String(UInt64.random(in: .min ... .max), radix: 36)
    var claimed: Set<StoreID> = []
    /// Another process holds all that this one needs.
    var isOthers = false
}
