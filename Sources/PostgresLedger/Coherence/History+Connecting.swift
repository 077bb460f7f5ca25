import Inventory
import Postgres

extension ConnectionConfiguration {
    /// For sessions to the current primary; their label is the history that they are in.
    func toPrimary() -> ConnectionConfiguration {
        var configuration = self
        configuration.serverRole = .primary
        configuration.onConnect = { session throws(PostgresError) in try History.current(session) }
        return configuration
    }

    /// Short timeouts, for requests that are repeated soon or have a fallback.
    func givingUp(after statementTimeout: Duration) -> ConnectionConfiguration {
        var configuration = self
        configuration.connectTimeout = .seconds(2)
        configuration.statementTimeout = statementTimeout
        configuration.silenceTimeout = statementTimeout + .seconds(1)
        return configuration
    }

    /// For sessions to a streaming replica of this database.
    func toReplica() -> ConnectionConfiguration {
        var configuration = self
        configuration.serverRole = .standby
        configuration.onConnect = { session throws(PostgresError) in
            try History.requireReplica(session)
            return nil
        }
        return configuration
    }
}

extension Session {
    /// The history that a session to the primary is in.
    /// - Precondition: The database has the schema.
    var history: History {
        get throws(PostgresError) {
            guard let label else {
                retire()
                throw PostgresError(.connection, "the database had no schema when this connection was made")
            }
            return History(label)
        }
    }
}

extension History {
    /// The ledger's current history; begins a new one if the last belongs to another system, database or timeline.
    ///
    /// A session stays on one timeline, so one check per session is enough, before anything is written.
    /// - Returns: Its id; `nil` if the database has no schema yet.
    fileprivate static func current(_ session: Session) throws(PostgresError) -> String? {
        let server = try session.execute(serverKind).one()
        guard try !server.bool(0) else { throw PostgresError(.connection, "the server is a standby, not a primary") }
        guard try server.bool(1) else { return nil }
        if let id = try last(session) { return id }
        return try begin(session)
    }

    /// - Returns: The id of the last history, if this server is in it.
    private static func last(_ session: Session) throws(PostgresError) -> String? {
        let row = try session.execute(lastHistory).one()
        return try row.optionalText(0) == row.text(2) ? row.text(1) : nil
    }

    /// Acknowledges nothing for half a second: by then no process trusts a cache of an earlier history any more.
    private static func begin(_ session: Session) throws(PostgresError) -> String {
        _ = try session.pipeline([Query(.begin), Query(endSoon), Query(CacheState.lockAlone)])
        if let id = try last(session) {
            _ = try session.execute(.rollback)
            return id
        }
        let results = try session.pipeline([
            Query(awaitDistrust), Query(insertHistory), Query(switchOff), Query(.commit),
        ])
        return try results[1].one().text(0)
    }

    /// Each snapshot of a replica shows that it follows the history, but not that it is a replica of this database
    /// rather than of one restored from a dump of it, nor that it did not leave the history: one that was promoted by
    /// mistake, and then made a standby again, has a timeline of its own whose WAL positions tell nothing about the
    /// primary's.
    fileprivate static func requireReplica(_ session: Session) throws(PostgresError) {
        let server = try session.execute(serverKind).one()
        guard try server.bool(0) else { throw PostgresError(.connection, "the server is a primary, not a replica") }
        // Without the table, none of its snapshots has a history, so none is used.
        guard try server.bool(1) else { return }
        let row = try session.execute(replicaOrigin).one()
        guard let origin = try row.optionalText(0), try origin.hasPrefix(row.text(1)) else {
            throw PostgresError(.connection, "the server is no replica of the primary's database")
        }
        guard try !isOnLaterTimeline(origin, row.int64(2)) else {
            throw PostgresError(.connection, "the server was promoted, and is on a timeline of its own")
        }
    }

    /// - Parameters:
    ///   - origin: Of the last history that a standby has received.
    ///   - timeline: The standby's.
    static func isOnLaterTimeline(_ origin: String, _ timeline: Int64) -> Bool {
        Int64(origin.suffix(8), radix: 16).map { timeline > $0 } ?? true
    }

    private static let serverKind = Statement(
        "history.server", "select pg_is_in_recovery(), to_regclass('histories') is not null")

    /// System identifier and database OID, with a slash after each.
    static let databaseSQL = """
        (select system_identifier from pg_control_system()) || '/'
            || (select oid from pg_database where datname = current_database()) || '/'
        """

    /// The timeline comes from the name of the WAL file, because `pg_control_checkpoint()` returns the old one until
    /// the first checkpoint after a promotion.
    private static let originSQL = "\(databaseSQL) || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)"

    /// Whether a server is the primary that began a history. A standby that was promoted without a session of Khata's began
    /// none.
    static func beganHereSQL(_ origin: String) -> String {
        "case when pg_is_in_recovery() then false else \(origin) is not distinct from \(originSQL) end"
    }

    private static let lastHistory = Statement(
        "history.last",
        """
        select h.origin, h.id, \(originSQL)
        from (values (1)) one left join (select * from histories order by number desc limit 1) h on true
        """)

    private static let insertHistory = Statement(
        "history.insert",
        """
        insert into histories (id, origin)
        values (substr(replace(gen_random_uuid()::text, '-', ''), 1, 12), \(originSQL)) returning id
        """)

    /// All writers wait for this transaction: limits how long if this process is stopped meanwhile.
    private static let endSoon = Statement(
        "history.end_soon", "set local idle_in_transaction_session_timeout = '2s'")

    /// Even if this copy has no cache switched on: that change may be among those it has lost.
    private static let awaitDistrust = Statement(
        "history.await_distrust", "select pg_sleep(0.5) where exists (select from histories)")

    /// The namespace of version 3 stays: its instances may still use a cache of their own.
    private static let switchOff = Statement(
        "history.switch_off", "update cache_state set namespace = null where namespace <> 'version 3'")

    /// Of a standby. One that follows another server may be on a later timeline already; one that was promoted is not on
    /// an earlier one.
    static let timelineSQL = """
        greatest((select timeline_id from pg_control_checkpoint()),
            (select min_recovery_end_timeline from pg_control_recovery()))::bigint
        """

    private static let replicaOrigin = Statement(
        "history.replica_origin",
        "select (select origin from histories order by number desc limit 1), \(databaseSQL), \(timelineSQL)")
}
