import Inventory

/// The result of a cache lookup.
struct CacheLookup: Sendable {
    /// `nil` if the cache is unavailable or not trusted.
    let documents: RedisDocuments?
    let hit: Document?
    /// How new a document has to be; `nil` if a mark is unknown.
    let required: Requirement?
    /// The ledgers whose marks are unknown.
    let unknown: Set<StoreID>
    /// Whether the cache has the document, however old.
    let isStored: Bool

    /// The cache is unavailable or not trusted.
    static let bypass = CacheLookup(documents: nil, hit: nil, required: nil, unknown: [], isStored: false)

    var origin: DocumentOrigin { documents == nil ? .bypass : .miss }

    /// Whether a document that meets this lookup's requirement also meets the other's.
    func isAsStrict(as other: CacheLookup) -> Bool {
        guard let otherRequired = other.required else { return true }
        return required?.covers(otherRequired) ?? false
    }
}

extension CachePart {
    /// One round trip; a second one if this process's own copy is too old, since Redis may have a newer one.
    func lookup(_ key: DocumentKey) async -> CacheLookup {
        guard let documents = trustedDocuments else { return .bypass }
        let lookup = await lookup(key, documents)
        // If this process was paused before the request, Redis may have failed over and back meanwhile.
        return trusts(documents) ? lookup : .bypass
    }

    /// The cached document, even if it may be stale, with the last moment at which the cache was known to be complete.
    func lookupUnproven(_ key: DocumentKey) async -> Document? {
        guard let (documents, provenAt) = lastTrusted, let hit = await lookup(key, documents).hit else { return nil }
        return Document(
            stamp: hit.stamp, body: hit.body, next: hit.next, source: nil, unproven: Staleness(provenAt: provenAt))
    }

    private func lookup(_ key: DocumentKey, _ documents: RedisDocuments) async -> CacheLookup {
        if let recent = documents.recent.document(key) {
            let lookup = await lookup(key, documents, having: recent)
            if lookup.hit != nil || lookup.required == nil { return lookup }
        }
        return await lookup(key, documents, having: nil)
    }

    func lookup(_ key: DocumentKey, _ documents: RedisDocuments, having recent: Document?) async -> CacheLookup {
        guard let reading = await attempt({ () throws(CacheError) in try await documents.read(key, having: recent) })
        else { return .bypass }
        let position = reading.mark.required(for: key)
        let catalogKey = DocumentKey(storeID: .catalog, name: "")
        let catalogPosition = key.storeID == .catalog ? position : reading.catalogMark.required(for: catalogKey)
        guard let position, let catalogPosition else {
            var unknown: Set<StoreID> = []
            if position == nil { unknown.insert(key.storeID) }
            if catalogPosition == nil { unknown.insert(.catalog) }
            return CacheLookup(documents: documents, hit: nil, required: nil, unknown: unknown, isStored: false)
        }
        // A mark may include a commit but not an earlier one, whose writer is slower: only the base covers all.
        let invalidated = Requirement.Invalidated(
            position: key.productID == nil ? reading.mark.base ?? .zero : position,
            catalogPosition: reading.catalogMark.base ?? .zero, productID: key.productID)
        let required = Requirement(
            history: documents.history, position: position, catalogPosition: catalogPosition,
            highest: reading.mark.highest ?? position, invalidated: invalidated)
        let hit = reading.document.flatMap { required.isMet(by: $0.stamp) ? $0 : nil }
        return CacheLookup(
            documents: documents, hit: hit, required: required, unknown: [], isStored: reading.document != nil)
    }
}

extension Requirement {
    /// Whether a document is a hit: it was read at or after the required positions, in the same history.
    func isMet(by stamp: Stamp) -> Bool {
        stamp.history == history && stamp.position >= position && stamp.catalogPosition >= catalogPosition
    }
}
