import Basics
import Foundation
import Inventory
import Logging
import Postgres
import Synchronization

/// The state of the primary. A replica in the same history that has replayed up to `flushed` has everything that was
/// acknowledged before the request, unless it has replayed another timeline's WAL: then it lacks positions.
struct PrimaryState: Sendable {
    /// Its WAL position (LSN), read after the positions: nothing is acknowledged, or visible, before it is flushed.
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
    private let connection: Connection
    private let query: SharedQuery<StoreID, PrimaryState>
    private let lastState: Mutex<PrimaryState?>

    init(_ primary: ConnectionConfiguration, logger: Logger) {
        let connection = Connection(primary.givingUp(after: .seconds(1)), logger: logger)
        self.connection = connection
        query = SharedQuery { stores in try await Self.state(of: Array(stores), connection) }
        lastState = Mutex(nil)
    }

    /// The last known state, if any.
    var last: PrimaryState? { lastState.withLock(\.self) }

    /// - Parameter stores: The ledgers whose positions are needed.
    /// - Throws: `PostgresError`.
    func now(_ stores: [StoreID] = []) async throws -> PrimaryState {
        let state = try await query.value(for: stores)
        lastState.withLock { last in
            // The callers of one query are not in the order of the queries.
            if last.map({ $0.requestedAt < state.requestedAt }) ?? true { last = state }
        }
        return state
    }

    /// Runs a short query on the connection.
    func run<T: Sendable>(_ body: @escaping @Sendable (Session) throws -> T) async throws -> T {
        try await connection.run(body)
    }

    func close() async { await connection.close() }

    private static func state(of stores: [StoreID], _ connection: Connection) async throws -> PrimaryState {
        let requestedAt = ContinuousClock.now
        return try await connection.run { session in
            let results = try session.pipeline([
                Query(heads, .int64s(stores.map(\.rawValue))), Query(stateQuery),
            ])
            let row = try results[1].one()
            let positions = try results[0].map {
                (StoreID(rawValue: try $0.int64(0)), Position(rawValue: try $0.int64(1)))
            }
            return PrimaryState(
                flushed: try row.text(0), cache: try CacheState(row, at: 1, in: session.history),
                positions: Dictionary(positions, uniquingKeysWith: max), requestedAt: requestedAt)
        }
    }

    private static let stateQuery = Statement(
        "primary.state", "select pg_current_wal_flush_lsn()::text, \(CacheState.columnsSQL)")

    private static let heads = Statement(
        "primary.heads",
        """
        select store_id, position from stores where store_id = any($1::bigint[])
        union all
        select \(StoreID.allLedgers.rawValue), (select sum(position)::bigint from stores)
        where \(StoreID.allLedgers.rawValue) = any($1::bigint[])
        """)
}

extension StoreID {
    /// Stands for all ledgers of stores and the catalog. Its position is the sum of theirs: each only grows.
    static let allLedgers = StoreID(rawValue: -2)
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
