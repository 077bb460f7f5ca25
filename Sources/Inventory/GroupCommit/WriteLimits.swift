/// How much a ledger takes into one transaction, and lets wait for the next.
public struct WriteLimits: Sendable {
    /// Commands that share a transaction.
    public var commandsPerTransaction = 256
    /// Movements that share a transaction; a single command may have as many by itself.
    public var linesPerTransaction = 1_000
    /// Movements that wait for a lane; more are refused as overload.
    public var linesWaiting = 20_000
    /// Changes to the catalog that wait for their turn.
    public var catalogChangesWaiting = 200

    public init() {}
}
