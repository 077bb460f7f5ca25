import Inventory
import Logging
import Postgres

/// What a replica responded when asked how it is.
enum Heartbeat {
    case alive(ReplicaSelection.Lag)
    case unfit(ReplicaFault)
    /// It did not respond in time.
    case silent
    /// It refused or lost the connection.
    case unreachable(any Error)
}

/// What a replica must have: an earlier position of the primary's WAL, and its current history.
struct HeartbeatReference {
    let flushed: String
    let history: History
}

/// A connection to a replica for heartbeats, so that none waits for reads.
struct HeartbeatConnection: Sendable {
    private let connection: Connection

    init(_ configuration: ConnectionConfiguration, logger: Logger) {
        var configuration = configuration
        // One that became the primary is connected to as well, so that it can be told from one that is down.
        configuration.serverRole = .preferStandby
        configuration.connectTimeout = .seconds(2)
        configuration.statementTimeout = Self.timeout
        configuration.silenceTimeout = Self.timeout
        // The ledger's observer is told when a replica's state changes, instead of each time that it cannot be reached.
        var logger = logger
        logger.logLevel = .critical
        connection = Connection(configuration, logger: logger)
    }

    /// - Parameter reference: `nil` if the primary has not been reached.
    func beat(_ reference: HeartbeatReference?) async -> Heartbeat {
        let start = ContinuousClock.now
        do {
            return try await connection.run { session in
                let row = try session.execute(Self.state, .text(reference?.flushed)).one()
                guard try row.bool(0) else {
                    session.retire()
                    let id = try row.optionalText(1)
                    let began = try row.bool(6)
                    return .unfit(began && reference.map { $0.history.id == id } ?? true ? .primary : .notAReplica)
                }
                guard let origin = try row.optionalText(2), try origin.hasPrefix(row.text(3)) else {
                    return .unfit(.otherDatabase)
                }
                if let reference, try row.optionalText(1) != reference.history.id { return .unfit(.otherHistory) }
                if try History.isOnLaterTimeline(origin, row.int64(4)) { return .unfit(.otherHistory) }
                return switch try row.optionalInt64(5) ?? 0 {
                case ...0: .alive(.none)
                case ...ReplicaFault.maximumLag: .alive(.behind)
                default: .alive(.far)
                }
            }
        } catch {
            // Connecting, too, may take that long.
            if ContinuousClock.now - start >= Self.timeout { return .silent }
            switch (error as? PostgresError)?.kind {
            // The database lacks the tables, or they are somebody else's.
            case .server(let state) where state.hasPrefix("42"): return .unfit(.otherDatabase)
            default: return .unreachable(error)
            }
        }
    }

    func close() async { await connection.close() }

    private static let timeout = Duration.seconds(1)

    /// Like a read's snapshot, it has the history that its rows belong to.
    private static let state = Statement(
        "replica.heartbeat",
        """
        select pg_is_in_recovery(), h.id, h.origin, \(History.databaseSQL), \(History.timelineSQL),
            pg_wal_lsn_diff($1::text::pg_lsn, case when pg_is_in_recovery() then pg_last_wal_replay_lsn() end)::bigint,
            \(History.beganHereSQL("h.origin"))
        from (values (1)) one left join (select * from histories order by number desc limit 1) h on true
        """)
}
