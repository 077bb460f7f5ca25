public import Inventory
import Logging
import Postgres
import Synchronization

/// The relay's session. The process whose session holds an advisory lock is the relay.
///
/// If its process hangs or is cut off, the server ends the idle session after two seconds, and another one takes over.
public final class RelaySession: RelayedOutbox {
    private let connection: Connection
    private let failure: @Sendable (any Error) -> LedgerError
    /// The server process that holds the lock for this one.
    private let elected = Mutex<Int64?>(nil)

    init(
        _ primary: ConnectionConfiguration, logger: Logger,
        failure: @escaping @Sendable (any Error) -> LedgerError
    ) {
        var configuration = primary.givingUp(after: .seconds(1))
        configuration.idleSessionTimeout = .seconds(2)
        // Only the relay may delete rows of version 3.
        configuration.settings["khata.relay"] = "on"
        connection = Connection(configuration, logger: logger)
        self.failure = failure
    }

    public func round(limit: Int) async throws(LedgerError) -> RelayRound? {
        let elected = elected.withLock { $0 }
        let (backend, round) = try await run { session in
            // A lost connection released the lock.
            let backend = try session.execute(Self.backend).one().int64(0)
            guard try backend == elected || Self.elect(session) else { return (nil as Int64?, nil as RelayRound?) }
            let results = try session.pipeline([Query(Self.state), Query(Self.due, .int64(Int64(limit)))])
            let state = try results[0].one()
            return (
                backend,
                RelayRound(
                    isFirst: backend != elected, state: try CacheState(state, at: 0, in: session.history),
                    isSameServer: try state.bool(3), followsOthers: try state.bool(4),
                    entries: try results[1].map(OutboxEntry.init))
            )
        }
        self.elected.withLock { $0 = backend }
        return round
    }

    public func delete(_ entries: [OutboxEntry]) async throws(LedgerError) {
        try await run { session in
            _ = try session.pipeline(Outbox.delete(entries.map(\.entry), entries.map(\.namespaces)))
        }
    }

    public func switchCache(from state: CacheState, to namespaces: CacheNamespaces?) async throws(LedgerError) {
        let elected = elected.withLock { $0 }
        try await run { session in
            // After a reconnect, another process may be the relay.
            guard try session.execute(Self.backend).one().int64(0) == elected else {
                throw PostgresError(.connection, "the session that was the relay's is gone")
            }
            try Self.switchCache(session, from: state, to: namespaces)
        }
    }

    public func resign() async throws(LedgerError) {
        elected.withLock { $0 = nil }
        try await run { session in _ = try session.execute(Self.resign) }
    }

    /// Switches the cache off if there is no relay for half a second: then no process trusts the cache.
    func switchOffIfAbandoned() async throws(LedgerError) {
        try await run { session in
            guard try Self.elect(session) else { return }
            defer { _ = try? session.execute(Self.resign) }
            _ = try session.execute(Self.awaitDistrust)
            let state = try CacheState(session.execute(Self.state).one(), at: 0, in: session.history)
            try Self.switchCache(session, from: state, to: nil)
        }
    }

    func close() async { await connection.close() }

    private func run<T: Sendable>(_ body: @escaping @Sendable (Session) throws -> T) async throws(LedgerError) -> T {
        do {
            return try await connection.run(body)
        } catch {
            throw failure(error)
        }
    }

    /// Also shares the lock that elects relays of version 3, so that none is elected meanwhile.
    private static func elect(_ session: Session) throws(PostgresError) -> Bool {
        try session.execute(elect).one().bool(0)
    }

    private static func switchCache(
        _ session: Session, from state: CacheState, to namespaces: CacheNamespaces?
    ) throws(PostgresError) {
        let change =
            if let namespaces {
                Query(
                    state.namespaces == nil ? switchOn : switchParts, .text(namespaces.text), .int64(state.generation))
            } else {
                Query(switchOff, .int64(state.generation))
            }
        _ = try session.pipeline([Query(.begin), Query(CacheState.lockAlone), change, Query(.commit)])
    }

    /// "relay" and "relay2" in ASCII.
    private static let lockOfVersion3: Int64 = 0x72_65_6C_61_79
    private static let lock: Int64 = 0x72_65_6C_61_79_32

    private static let backend = Statement("relay.backend", "select pg_backend_pid()::bigint")
    private static let elect = Statement(
        "relay.elect",
        """
        select case when pg_try_advisory_lock_shared(\(lockOfVersion3)) then pg_try_advisory_lock(\(lock)) else false end
        """)
    /// Keeps the other lock: while this process runs, no relay of version 3 may be elected.
    private static let resign = Statement("relay.resign", "select pg_advisory_unlock(\(lock))")
    private static let awaitDistrust = Statement("relay.await_distrust", "select pg_sleep(0.5)")

    private static let state = Statement(
        "relay.state",
        """
        select \(CacheState.columnsSQL),
            coalesce((select server_started from cache_state) = pg_postmaster_start_time(), false),
            (select server_started from cache_state) is null
        """)

    /// A row from the future is also due: the clock went back.
    private static let due = Statement(
        "relay.due",
        """
        select store_id, position, namespace, changes from outbox
        where committed_at not between clock_timestamp() - interval '50 milliseconds' and clock_timestamp()
        order by committed_at limit $1::bigint
        """)

    /// The server makes the secret (122 random bits), so that no statement in its log has it.
    private static let switchOn = Statement(
        "relay.switch_on",
        """
        update cache_state
        set generation = generation + 1, namespace = $1::text, server_started = pg_postmaster_start_time(),
            secret = gen_random_uuid()::text
        where generation = $2::bigint and namespace is null
        """)

    /// The secret stays: every part that is switched on has a new namespace, from which its documents' key is derived too.
    private static let switchParts = Statement(
        "relay.switch_parts",
        """
        update cache_state set generation = generation + 1, namespace = $1::text
        where generation = $2::bigint and namespace is not null and server_started = pg_postmaster_start_time()
        """)

    /// Deletes all rows: without a cache there is nothing to invalidate.
    private static let switchOff = Statement(
        "relay.switch_off",
        """
        with changed as (
            update cache_state set namespace = null where generation = $1::bigint and namespace is not null returning 1)
        delete from outbox where exists (select from changed)
        """)
}

extension RelaySession {
    /// The number of commits whose invalidation has been pending for a second; a working relay does them at once.
    public func health() async -> [ComponentHealth] {
        let backlog = try? await connection.run { session in
            try session.execute(Self.backlog).one().int64(0)
        }
        guard let backlog else { return [] }
        return [
            ComponentHealth(
                name: "relay:backlog", status: backlog < Self.maximumBacklog ? .pass : .warn,
                observed: Double(backlog), unit: "commits",
                output: backlog < Self.maximumBacklog ? nil : "cache invalidations are pending for too many commits")
        ]
    }

    private static let maximumBacklog: Int64 = 1_000

    private static let backlog = Statement(
        "relay.backlog",
        "select count(*) from outbox where committed_at < clock_timestamp() - interval '1 second'")
}
