import Inventory
import Logging
import Postgres
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What the primary says of itself: a replica that has replayed up to there, in the same history, knows all that was
/// acknowledged before the question.
struct PrimaryState: Sendable {
    /// A position in its WAL: nothing is acknowledged before it is flushed.
    let flushed: String
    let cache: CacheState
    /// Of the ledgers that were asked for. A replica may know more: it is told of a commit before the primary shows it.
    let positions: [StoreID: Position]
    /// When it was asked.
    let askedAt: ContinuousClock.Instant
}

/// Asks the primary where it is, over a connection of its own that gives up soon: whoever waits for a primary that cannot be
/// reached is told so within a second or two.
///
/// Callers that ask while an answer is under way share the next one, so the primary is asked one question at a time.
final class PrimaryWatch: Sendable {
    private typealias Caller = CheckedContinuation<Result<PrimaryState, any Error>, Never>

    private struct State {
        var isAsking = false
        var callers: [Caller] = []
        /// What they ask for.
        var stores: Set<StoreID> = []
        var last: PrimaryState?
    }

    private let connection: Connection
    private let state = Mutex(State())

    init(_ primary: ConnectionConfiguration, logger: Logger) {
        connection = Connection(primary.givingUp(after: .seconds(1)), logger: logger)
    }

    /// What it said last, if it ever did.
    var last: PrimaryState? { state.withLock { $0.last } }

    /// - Parameter stores: The ledgers whose positions are wanted.
    /// - Throws: `PostgresError`.
    func now(_ stores: [StoreID] = []) async throws -> PrimaryState {
        let result = await withCheckedContinuation { (caller: Caller) in
            let isFirst = state.withLock { state in
                state.callers.append(caller)
                state.stores.formUnion(stores)
                defer { state.isAsking = true }
                return !state.isAsking
            }
            // A task of its own: who asked first may leave, and the others still get their answer.
            if isFirst { Task { await answer() } }
        }
        return try result.get()
    }

    /// Runs something short on the connection.
    func run<T: Sendable>(_ body: @escaping @Sendable (Session) throws -> T) async throws -> T {
        try await connection.run(body)
    }

    func close() async { await connection.close() }

    private func answer() async {
        while let (callers, stores) = nextCallers() {
            let askedAt = ContinuousClock.now
            let result: Result<PrimaryState, any Error>
            do {
                let found = try await connection.run { session in
                    let answers = try session.pipeline([
                        Query(Self.question), Query(Self.heads, .int64s(stores.map(\.rawValue))),
                    ])
                    let row = try answers[0].one()
                    let positions = try answers[1].map {
                        (StoreID(rawValue: try $0.int64(0)), Position(rawValue: try $0.int64(1)))
                    }
                    return PrimaryState(
                        flushed: try row.text(0), cache: try CacheState(row, at: 1, in: session.history),
                        positions: Dictionary(positions, uniquingKeysWith: max), askedAt: askedAt)
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
                state.isAsking = false
                return nil
            }
            defer { (state.callers, state.stores) = ([], []) }
            return (state.callers, state.stores)
        }
    }

    private static let question = Statement(
        "primary.state", "select pg_current_wal_flush_lsn()::text, \(CacheState.columnsSQL)")

    private static let heads = Statement(
        "primary.heads", "select store_id, position from stores where store_id = any($1::bigint[])")
}

extension Session {
    /// Whether a replica has replayed up to a position in the primary's WAL, now or within a moment.
    ///
    /// Asked in a statement before the snapshot is taken: what is replayed by then is in the snapshot. Says nothing of the
    /// history that it replays; the snapshot does.
    func replays(upTo flushed: String) throws -> Bool {
        for attempt in 0..<Self.attempts {
            // On the connection's own thread, which has nothing else to do.
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
