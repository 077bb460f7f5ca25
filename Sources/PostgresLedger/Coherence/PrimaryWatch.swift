import Foundation
import Inventory
import Logging
import Postgres
import Synchronization

/// The state of the primary. A replica in the same history that has replayed up to `flushed` has everything that was
/// acknowledged before the request.
struct PrimaryState: Sendable {
    /// Its WAL position (LSN): nothing is acknowledged before it is flushed.
    let flushed: String
    let cache: CacheState
    /// Of the requested ledgers. A replica may be ahead: it may have a commit before it is visible on the primary.
    let positions: [StoreID: Position]
    /// When it was requested.
    let requestedAt: ContinuousClock.Instant
}

/// Reads the state of the primary, over a connection of its own with short timeouts: if the primary is unreachable,
/// callers get an error within a second or two.
///
/// One query at a time: callers that arrive while a query is in progress share the next one.
final class PrimaryWatch: Sendable {
    private typealias Caller = CheckedContinuation<Result<PrimaryState, any Error>, Never>

    private struct State {
        var isQuerying = false
        var callers: [Caller] = []
        /// The ledgers that they need.
        var stores: Set<StoreID> = []
        var last: PrimaryState?
    }

    private let connection: Connection
    private let state = Mutex(State())

    init(_ primary: ConnectionConfiguration, logger: Logger) {
        connection = Connection(primary.givingUp(after: .seconds(1)), logger: logger)
    }

    /// The last known state, if any.
    var last: PrimaryState? { state.withLock { $0.last } }

    /// - Parameter stores: The ledgers whose positions are needed.
    /// - Throws: `PostgresError`.
    func now(_ stores: [StoreID] = []) async throws -> PrimaryState {
        let result = await withCheckedContinuation { (caller: Caller) in
            let isFirst = state.withLock { state in
                state.callers.append(caller)
                state.stores.formUnion(stores)
                defer { state.isQuerying = true }
                return !state.isQuerying
            }
            // An unstructured task: cancelling the first caller must not affect the others.
            if isFirst { Task { await serveCallers() } }
        }
        return try result.get()
    }

    /// Runs a short query on the connection.
    func run<T: Sendable>(_ body: @escaping @Sendable (Session) throws -> T) async throws -> T {
        try await connection.run(body)
    }

    func close() async { await connection.close() }

    private func serveCallers() async {
        while let (callers, stores) = nextCallers() {
            let requestedAt = ContinuousClock.now
            let result: Result<PrimaryState, any Error>
            do {
                let found = try await connection.run { session in
                    let results = try session.pipeline([
                        Query(Self.stateQuery), Query(Self.heads, .int64s(stores.map(\.rawValue))),
                    ])
                    let row = try results[0].one()
                    let positions = try results[1].map {
                        (StoreID(rawValue: try $0.int64(0)), Position(rawValue: try $0.int64(1)))
                    }
                    return PrimaryState(
                        flushed: try row.text(0), cache: try CacheState(row, at: 1, in: session.history),
                        positions: Dictionary(positions, uniquingKeysWith: max), requestedAt: requestedAt)
                }
                state.withLock { $0.last = found }
                result = .success(found)
            } catch {
                result = .failure(error)
            }
            for caller in callers { caller.resume(returning: result) }
        }
    }

    private func nextCallers() -> ([Caller], Set<StoreID>)? {
        state.withLock { state in
            guard !state.callers.isEmpty else {
                state.isQuerying = false
                return nil
            }
            defer { (state.callers, state.stores) = ([], []) }
            return (state.callers, state.stores)
        }
    }

    private static let stateQuery = Statement(
        "primary.state", "select pg_current_wal_flush_lsn()::text, \(CacheState.columnsSQL)")

    private static let heads = Statement(
        "primary.heads", "select store_id, position from stores where store_id = any($1::bigint[])")
}

extension Session {
    /// Whether a replica has replayed up to a position in the primary's WAL, now or within 10 ms.
    ///
    /// Must be a statement before the snapshot is taken: what is replayed by then is in the snapshot. Does not check
    /// the history that it replays; the snapshot does.
    func replays(upTo flushed: String) throws -> Bool {
        for attempt in 0..<Self.attempts {
            // Blocks only the connection's own thread.
            if attempt > 0 { usleep(Self.pauseMicroseconds) }
            let row = try execute(Self.replayed, .text(flushed)).one()
            guard try row.bool(1) else { throw retired() }
            if try row.bool(0) { return true }
        }
        return false
    }

    private static let attempts = 6
    private static let pauseMicroseconds: UInt32 = 2_000
    private static let replayed = Statement(
        "replica.replayed",
        "select coalesce(pg_last_wal_replay_lsn() >= $1::text::pg_lsn, false), pg_is_in_recovery()")

    /// A replica that was promoted keeps its connections, and replays nothing any more.
    func retired() -> PostgresError {
        retire()
        return PostgresError(.connection, "the server is no replica any more")
    }
}
