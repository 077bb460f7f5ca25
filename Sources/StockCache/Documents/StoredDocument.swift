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

/// A place among the documents in Redis.
public struct DocumentPlace: Sendable {
    fileprivate let part: Int
    fileprivate let cursor: String
}

extension CacheConnection {
    /// Some of the documents in Redis, by the ledger's id and the name.
    /// - Parameter place: Where to continue; `nil` to begin.
    /// - Returns: Also where it stopped, `nil` when done; `nil` if the cache is unavailable or not trusted.
    public func listDocuments(
        from place: DocumentPlace?
    ) async -> (found: [(storeID: StoreID, name: String)], next: DocumentPlace?)? {
        let place = place ?? DocumentPlace(part: 0, cursor: "0")
        guard let documents = parts[place.part].trustedDocuments,
            let page = await parts[place.part].attempt({ () throws(CacheError) in
                try await documents.list(from: place.cursor)
            })
        else { return nil }
        if page.next != "0" { return (page.found, DocumentPlace(part: place.part, cursor: page.next)) }
        let isLast = place.part == parts.count - 1
        return (page.found, isLast ? nil : DocumentPlace(part: place.part + 1, cursor: "0"))
    }

    /// - Returns: `nil` if the cache is unavailable or not trusted.
    public func storedDocument(_ key: DocumentKey) async -> StoredDocument? {
        let part = part(of: key.storeID)
        guard let documents = part.trustedDocuments else { return nil }
        let lookup = await part.lookup(key, documents, having: nil)
        guard lookup.documents != nil, part.trusts(documents) else { return nil }
        if let hit = lookup.hit { return .valid(hit) }
        guard let isForged = await part.attempt({ () throws(CacheError) in try await documents.isForged(key) }) else {
            return nil
        }
        return isForged ? .forged : StoredDocument.none
    }
}
