public import Inventory

/// A document as Redis has it, not as this process keeps it in memory.
public enum StoredDocument: Sendable {
    /// A read may be served with it.
    case valid(Document)
    /// It is not there, or too old for any read.
    case none
    /// Its authentication code is wrong, so no read is served with it: somebody changed it in Redis.
    case forged
}

extension CacheConnection {
    /// Some of the documents in Redis, by the ledger's id and the name.
    /// - Parameter cursor: Where to continue; `0` to begin.
    /// - Returns: Also where it stopped, `0` when done; `nil` if the cache is unavailable or not trusted.
    public func listDocuments(
        from cursor: String
    ) async -> (found: [(storeID: StoreID, name: String)], next: String)? {
        guard let documents = trustedDocuments else { return nil }
        return await attempt { () throws(CacheError) in try await documents.list(from: cursor) }
    }

    /// - Returns: `nil` if the cache is unavailable or not trusted.
    public func storedDocument(_ key: DocumentKey) async -> StoredDocument? {
        guard let documents = trustedDocuments else { return nil }
        let lookup = await lookup(key, documents, having: nil)
        guard lookup.documents != nil, trusts(documents) else { return nil }
        if let hit = lookup.hit { return .valid(hit) }
        guard let isForged = await attempt({ () throws(CacheError) in try await documents.isForged(key) }) else {
            return nil
        }
        return isForged ? .forged : StoredDocument.none
    }
}
