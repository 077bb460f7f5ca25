/// Which cache is current, as stored on the primary; see `docs/coherence.md`.
public struct CacheState: Hashable, Sendable {
    public let history: History
    /// Incremented each time the cache is switched on.
    public let generation: Int64
    /// Those of the cache's marks and documents; `nil` while the cache is off, and must not be read.
    public let namespaces: CacheNamespaces?
    /// Authenticates the documents; `nil` if an earlier version switched the cache on.
    public let secret: CacheSecret?

    public init(history: History, generation: Int64, namespaces: CacheNamespaces?, secret: CacheSecret?) {
        self.history = history
        self.generation = generation
        self.namespaces = namespaces
        self.secret = secret
    }
}

/// A secret that the instances share through the primary. Never printed.
public struct CacheSecret: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    public let text: String

    public init(_ text: String) { self.text = text }

    public var description: String { "(hidden)" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Reads the current cache's state from the primary.
public protocol CacheStateReading: Sendable {
    /// - Throws: `.unavailable` if the primary does not respond within a second or two.
    func cacheState() async throws(LedgerError) -> CacheState
}
