public import Logging
internal import NIOPosix
internal import Synchronization
internal import Tracing

/// A connection to a server, with its own thread.
///
/// It connects when first used, and again after a loss. If the server is unreachable, it backs off for 50 ms to 1 s,
/// while jobs fail at once with the last error. A connection that the server closed while it was idle is replaced
/// without an error.
public final class Connection: Sendable {
    private let thread: NIOThreadPool
    private let keeper: SessionKeeper
    private let connected = Atomic(false)

    /// Starts the thread but does not connect. Must be closed before it is released.
    public init(_ configuration: ConnectionConfiguration, logger: Logger) {
        var logger = logger
        logger[metadataKey: "postgres"] = "\(configuration)"
        keeper = SessionKeeper(configuration, logger: logger)
        thread = NIOThreadPool(numberOfThreads: 1)
        thread.start()
    }

    /// Whether it was connected when its last job ended.
    public var isConnected: Bool { connected.load(ordering: .relaxed) }

    /// Runs `body` on the connection's thread, after earlier jobs. Cancelling the caller has no effect, so that no
    /// COMMIT is ever cancelled.
    ///
    /// A transaction that `body` leaves open is rolled back before this returns or throws. `body` has the caller's
    /// `ServiceContext`, and so has ``ConnectionConfiguration/onRoundTrip``.
    /// - Throws: What `body` throws, and ``PostgresError`` of kind `connection` or `closed`.
    public func run<T: Sendable>(_ body: @escaping @Sendable (Session) throws -> T) async throws -> T {
        let context = ServiceContext.current
        return try await withCheckedThrowingContinuation { continuation in
            thread.submit { state in
                guard state == .active else { return continuation.resume(throwing: PostgresError.closed) }
                let result = Result { try ServiceContext.withValue(context) { try self.keeper.run(body) } }
                self.connected.store(self.keeper.isConnected, ordering: .relaxed)
                continuation.resume(with: result)
            }
        }
    }

    /// Finishes earlier jobs, disconnects, and ends the thread. Later jobs fail as `closed`.
    public func close() async {
        await withCheckedContinuation { continuation in
            thread.submit { state in
                if state == .active {
                    self.keeper.close()
                    self.connected.store(false, ordering: .relaxed)
                }
                continuation.resume()
            }
        }
        // Throws only for pools that cannot be stopped.
        try? await thread.shutdownGracefully()
    }
}
