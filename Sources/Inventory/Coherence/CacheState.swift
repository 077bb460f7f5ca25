/// Which cache counts, as the primary says it; see `docs/coherence.md`.
public struct CacheState: Hashable, Sendable {
    public let history: History
    /// Another one each time that the cache is switched on.
    public let generation: Int64
    /// That of the cache's marks and documents; `nil` while the cache is off: then nobody reads from it.
    public let namespace: String?

    public init(history: History, generation: Int64, namespace: String?) {
        self.history = history
        self.generation = generation
        self.namespace = namespace
    }
}

/// The primary, as those who use the cache ask it.
public protocol CacheStateReading: Sendable {
    /// - Throws: `.unavailable` if the primary does not answer within a second or two.
    func cacheState() async throws(LedgerError) -> CacheState
}
