/// A commit that the cache may not have been told of.
public struct OutboxEntry: Hashable, Sendable {
    /// The audit entry that names the commit.
    public let entry: EntryKey
    /// The namespace that is owed the news; `nil` for a commit of a program that did not say.
    public let namespace: String?
    public let invalidations: [Invalidation]

    public init(entry: EntryKey, namespace: String?, invalidations: [Invalidation]) {
        self.entry = entry
        self.namespace = namespace
        self.invalidations = invalidations
    }
}

/// The outbox, as the relay works on it; one process at a time may.
public protocol RelayedOutbox: Sendable {
    /// - Parameter limit: How many entries are wanted at most.
    /// - Returns: `nil` while another process is the relay.
    func round(limit: Int) async throws(LedgerError) -> RelayRound?

    /// Deletes entries: their namespace knows, or counts no more.
    func delete(_ entries: [OutboxEntry]) async throws(LedgerError)

    /// Leaves the relay's work to another process.
    func resign() async throws(LedgerError)

    /// Makes a namespace count, unless the state is another one by now.
    /// - Parameter namespace: `nil` switches the cache off. Nobody may trust it any more: the caller makes sure of that.
    func switchCache(from state: CacheState, to namespace: String?) async throws(LedgerError)
}

/// What the relay finds in one round.
public struct RelayRound: Sendable {
    /// Whether this process has become the relay just now: another one may have been it a moment ago.
    public let isFirst: Bool
    public let state: CacheState
    /// Whether the server that the cache was switched on with has run without a break since. Otherwise its data may be
    /// that of another day.
    public let isSameServer: Bool
    /// Whether, since a cache was switched on last, programs may have had one of their own that the primary does not know.
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
