internal import Basics
public import Logging
internal import Synchronization

/// A bounded number of connections to one server, opened on demand.
///
/// The most recently used connection is used first. If all are busy, a bounded number of callers waits, first in, first
/// out, each for a bounded time; more callers fail at once as `exhausted`.
public final class Pool: Sendable {
    private typealias Lease = CheckedContinuation<Connection, any Error>
    private typealias State = PoolStateMachine<Connection, Lease, CheckedContinuation<Void, Never>>

    let configuration: ConnectionConfiguration
    private let waitTimeout: Duration
    private let logger: Logger
    private let state: Mutex<State>
    private let lastWaiter = Atomic<UInt64>(0)

    /// Does not connect. Must be closed before it is released.
    /// - Parameter waitTimeout: How long a caller waits for a connection before it fails as `exhausted`.
    public init(
        _ configuration: ConnectionConfiguration, maximumConnections: Int, maximumWaiting: Int, waitTimeout: Duration,
        logger: Logger
    ) {
        self.configuration = configuration
        self.waitTimeout = waitTimeout
        self.logger = logger
        state = Mutex(State(maximumMembers: maximumConnections, maximumWaiting: maximumWaiting))
    }

    /// Runs `body` with a connection, as ``Connection/run(_:)`` does. Cancellation only has an effect while the caller
    /// waits for a connection.
    /// - Throws: What `body` throws, `CancellationError`, and ``PostgresError`` of kind `connection`, `exhausted` or
    ///   `closed`.
    public func run<T: Sendable>(_ body: @escaping @Sendable (Session) throws -> T) async throws -> T {
        let connection = try await lease()
        let result = await Result.of { try await connection.run(body) }
        await release(connection)
        return try result.get()
    }

    public var status: PoolStatus { state.withLock { $0.status } }

    /// Fails all waiting callers, lets running jobs finish, and closes all connections.
    public func close() async {
        let (waiters, connections) = state.withLock { $0.close() }
        for waiter in waiters { waiter.resume(throwing: PostgresError.closed) }
        for connection in connections { await close(connection) }
        await withCheckedContinuation { closer in
            if !state.withLock({ $0.awaitClosed(closer) }) { closer.resume() }
        }
    }
}

extension Pool {
    private func lease() async throws -> Connection {
        let id = lastWaiter.wrappingAdd(1, ordering: .relaxed).newValue
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiter in
                let deadline = ContinuousClock.now + waitTimeout
                // Checked under the lock: a cancellation happens either before this or finds the waiter.
                let action = state.withLock { state in
                    Task.isCancelled ? nil : state.lease(to: waiter, id: id, deadline: deadline)
                }
                switch action {
                case .use(let connection): waiter.resume(returning: connection)
                case .make: waiter.resume(returning: Connection(configuration, logger: logger))
                case .wait(let watch): if watch { Task { await watchDeadlines() } }
                case .refuse(let error): waiter.resume(throwing: error)
                case nil: waiter.resume(throwing: CancellationError())
                }
            }
        } onCancel: {
            state.withLock { $0.cancel(id) }?.resume(throwing: CancellationError())
        }
    }

    private func release(_ connection: Connection) async {
        switch state.withLock({ $0.release(connection, isWarm: connection.isConnected) }) {
        case .keep: break
        case .handOver(let connection, let waiter): waiter.resume(returning: connection)
        case .close(let connection): await close(connection)
        }
    }

    private func close(_ connection: Connection) async {
        await connection.close()
        for closer in state.withLock({ $0.memberClosed() }) { closer.resume() }
    }

    /// Fails callers that wait too long; ends when no caller waits.
    private func watchDeadlines() async {
        while true {
            let (expired, next) = state.withLock { $0.expire(at: .now) }
            for waiter in expired {
                waiter.resume(throwing: PostgresError(.exhausted, "no connection became free in time"))
            }
            guard let next else { return }
            try? await Task.sleep(until: next)
        }
    }
}
