import Inventory

/// What a caller found in the cache.
struct Look: Sendable {
    /// `nil` if the cache cannot be asked, or is not trusted.
    let documents: RedisDocuments?
    let hit: Document?
    /// How new a document has to be; `nil` if it cannot be said, because a mark is unknown.
    let required: Requirement?
    /// The ledgers whose marks are unknown.
    let unknown: Set<StoreID>

    /// Of a cache that cannot be asked, or is not trusted.
    static let blind = Look(documents: nil, hit: nil, required: nil, unknown: [])

    var origin: DocumentOrigin { documents == nil ? .bypass : .miss }

    /// Whether what is read after this look is at least as new as what was to be read after the other.
    func promises(asMuchAs other: Look) -> Bool {
        guard let owed = other.required else { return true }
        return required?.covers(owed) ?? false
    }
}

extension CacheConnection {
    /// One round trip; another one if what this process had is too old, since the cache may have a newer one.
    func look(_ key: DocumentKey) async -> Look {
        guard let documents else { return .blind }
        let look = await look(key, documents)
        // A process that was stopped before it asked may have been answered by a Redis that went there and back.
        return trusts(documents) ? look : .blind
    }

    /// What the cache has, whether or not that is all; and the last moment at which it was.
    func lookUntrusted(_ key: DocumentKey) async -> Document? {
        guard let (documents, provenAt) = lastTrusted, let hit = await look(key, documents).hit else { return nil }
        return Document(
            stamp: hit.stamp, body: hit.body, next: hit.next, source: nil, unproven: Staleness(provenAt: provenAt))
    }

    private func look(_ key: DocumentKey, _ documents: RedisDocuments) async -> Look {
        if let recent = documents.recent.document(key) {
            let look = await look(key, documents, having: recent)
            if look.hit != nil || look.required == nil { return look }
        }
        return await look(key, documents, having: nil)
    }

    private func look(_ key: DocumentKey, _ documents: RedisDocuments, having recent: Document?) async -> Look {
        guard let reading = await attempt({ () throws(CacheError) in try await documents.read(key, having: recent) })
        else { return .blind }
        let position = reading.mark.required(for: key)
        let catalogKey = DocumentKey(storeID: .catalog, name: "")
        let catalogPosition = key.storeID == .catalog ? position : reading.catalogMark.required(for: catalogKey)
        guard let position, let catalogPosition else {
            var unknown: Set<StoreID> = []
            if position == nil { unknown.insert(key.storeID) }
            if catalogPosition == nil { unknown.insert(.catalog) }
            return Look(documents: documents, hit: nil, required: nil, unknown: unknown)
        }
        // A mark may know of a commit and not of one before it, whose writer is slower: only the base knows of all.
        let told = Requirement.Told(
            position: key.productID == nil ? reading.mark.base ?? .zero : position,
            catalogPosition: reading.catalogMark.base ?? .zero, productID: key.productID)
        let required = Requirement(
            history: documents.history, position: position, catalogPosition: catalogPosition,
            highest: reading.mark.highest ?? position, told: told)
        let hit = reading.document.flatMap { required.isMet(by: $0.stamp) ? $0 : nil }
        return Look(documents: documents, hit: hit, required: required, unknown: [])
    }
}
