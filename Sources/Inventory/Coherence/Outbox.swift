/// A commit whose cache invalidation is pending.
public struct OutboxEntry: Hashable, Sendable {
    /// The commit's last audit entry, which identifies it.
    public let entry: EntryKey
    /// As ``CacheNamespaces/recorded(for:)``; `nil` for a commit of an earlier version, which concerns all.
    public let namespaces: String?
    public let invalidations: [Invalidation]

    public init(entry: EntryKey, namespaces: String?, invalidations: [Invalidation]) {
        self.entry = entry
        self.namespaces = namespaces
        self.invalidations = invalidations
    }
}

/// The outbox, for the relay: one process at a time.
public protocol RelayedOutbox: Sendable {
    /// - Parameter limit: The maximum number of entries.
    /// - Returns: `nil` while another process is the relay.
    func round(limit: Int) async throws(LedgerError) -> RelayRound?

    /// Deletes entries whose namespaces are invalidated, or no longer current.
    func delete(_ entries: [OutboxEntry]) async throws(LedgerError)

    /// Lets another process become the relay.
    func resign() async throws(LedgerError)

    /// Makes namespaces current, unless the state has changed meanwhile.
    /// - Parameter namespaces: `nil` switches the cache off. The caller makes sure that no process trusts any more what is
    ///   switched off.
    func switchCache(from state: CacheState, to namespaces: CacheNamespaces?) async throws(LedgerError)
}

/// One round of the relay.
public struct RelayRound: Sendable {
    /// Whether this process has just become the relay: another one may have been until a moment ago.
    public let isFirst: Bool
    public let state: CacheState
    /// Whether the database server has not restarted since the cache was switched on. Otherwise its data may be from
    /// another day.
    public let isSameServer: Bool
    /// Whether instances of version 3 may have used a cache of their own since the cache was last switched on.
    public let followsOthers: Bool
    /// The entries that are due, oldest first.
    public let entries: [OutboxEntry]

    public init(
        isFirst: Bool, state: CacheState, isSameServer: Bool, followsOthers: Bool, entries: [OutboxEntry]
    ) {
        self.isFirst = isFirst
        self.state = state
        self.isSameServer = isSameServer
        self.followsOthers = followsOthers
        self.entries = entries
    }
}
