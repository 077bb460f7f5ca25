/// A message broker that takes events.
public protocol EventSink: Sendable {
    /// Why events cannot be published now, for everybody: without hosts and secrets. Nil if they can.
    var problem: String? { get }

    /// Runs `body` with a connection until it returns: again after each failure, with backoff. When the connection is lost,
    /// the task of `body` is cancelled.
    /// - Throws: `CancellationError`, after the caller's task was cancelled and `body` has ended.
    func withConnection(_ body: @escaping @Sendable (any EventConnection) async throws -> Void) async throws
}

public protocol EventConnection: Sendable {
    /// Publishes events in this order, and returns when each of them is confirmed, which means that the broker keeps it, or
    /// has failed. One that has failed may have been published, too.
    /// - Returns: An outcome for each event.
    /// - Throws: If nothing more can be published through this connection.
    func publish(_ events: [ChangeEvent]) async throws -> [Result<Void, any Error>]
}
