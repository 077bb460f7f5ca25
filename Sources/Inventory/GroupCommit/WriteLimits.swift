/// Limits on a ledger's transactions and write queues.
public struct WriteLimits: Sendable {
    /// Commands in a transaction.
    public var commandsPerTransaction = 256
    /// Movements in a transaction; a single command with more has one to itself.
    public var linesPerTransaction = 1_000
    /// Movements waiting for a lane; more are refused as overload.
    public var linesWaiting = 20_000
    /// Waiting changes to the catalog.
    public var catalogChangesWaiting = 200

    public init() {}
}
