/// Identifies a history of the ledger: positions are comparable only within one history.
///
/// A new one begins where the ledger may lack commits that it had before: after a failover, or in a restored backup.
public struct History: Hashable, Sendable {
    public let id: String
    public init(_ id: String) { self.id = id }
}

/// A position and the history that it belongs to; `nil` matches any history.
public struct LedgerPoint: Hashable, Sendable {
    public let position: Position
    public let history: History?

    public init(_ position: Position, in history: History? = nil) {
        self.position = position
        self.history = history
    }
}
