public import Inventory
import Postgres
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The outbox as the relay sees it. One process at a time reads it: the one whose session holds an advisory lock.
public final class OutboxFeed: CommitFeed {
    private let connection: Connection
    private let reader: SnapshotReader
    /// The server process that holds the lock for this one.
    private let elected = Mutex<Int64?>(nil)

    init(connection: Connection, reader: SnapshotReader) {
        self.connection = connection
        self.reader = reader
    }

    public func undelivered(
        olderThan age: Duration, limit: Int
    ) async throws(LedgerError) -> [UndeliveredCommit]? {
        let microseconds = Int64(age / .microseconds(1))
        let elected = elected.withLock { $0 }
        let (backend, commits) = try await run { session in
            // A lost connection took the lock with it.
            let backend = try session.execute(Self.backend).one().int64(0)
            guard try backend == elected || session.execute(Self.elect).one().bool(0) else {
                return (nil as Int64?, [] as [UndeliveredCommit])
            }
            let rows = try session.execute(Self.due, .int64(microseconds), .int64(Int64(limit)))
            return (backend, try rows.map(UndeliveredCommit.init))
        }
        self.elected.withLock { $0 = backend }
        return backend == nil ? nil : commits
    }

    public func forget(_ commits: [UndeliveredCommit]) async throws(LedgerError) {
        try await run { session in
            _ = try session.pipeline(Outbox.delete(commits.map(\.entry)))
        }
    }

    func close() async { await connection.close() }

    private func run<T: Sendable>(_ body: @escaping @Sendable (Session) throws -> T) async throws(LedgerError) -> T {
        do {
            return try await connection.run(body)
        } catch {
            throw reader.failure(error)
        }
    }

    /// The advisory lock of the election; "relay" in ASCII.
    private static let lock: Int64 = 0x72_65_6C_61_79

    private static let backend = Statement("relay.backend", "select pg_backend_pid()::bigint")
    private static let elect = Statement("relay.elect", "select pg_try_advisory_lock(\(lock))")
    private static let due = Statement(
        "relay.due",
        """
        select store_id, position, changes from outbox
        where committed_at < clock_timestamp() - $1::bigint * interval '1 microsecond'
        order by committed_at limit $2::bigint
        """)
}

extension UndeliveredCommit {
    /// From `store_id, position, changes`; see `Outbox.insert`.
    fileprivate init(_ row: Row) throws {
        let changes = try JSONDecoder().decode([Change].self, from: Data(try row.text(2).utf8))
        self.init(
            entry: EntryKey(
                storeID: StoreID(rawValue: try row.int64(0)), position: Position(rawValue: try row.int64(1))),
            advances: changes.map(\.advance))
    }
}

/// `[store_id, position, [[product_id, position], …]]`
private struct Change: Decodable {
    let advance: Advance

    init(from decoder: any Decoder) throws {
        var fields = try decoder.unkeyedContainer()
        let storeID = try fields.decode(StoreID.self)
        let position = try fields.decode(Position.self)
        let products = try fields.decode([[Int64]].self)
        advance = Advance(
            storeID: storeID, position: position,
            products: Dictionary(
                products.filter { $0.count == 2 }
                    .map { (ProductID(rawValue: $0[0]), Position(rawValue: $0[1])) },
                uniquingKeysWith: max))
    }
}

extension PostgresLedger: TimelineTelling {
    public func timeline() async throws(LedgerError) -> Timeline {
        do {
            return try await primary.run { session in
                Timeline(try session.execute(Self.timelineName).one().text(0))
            }
        } catch {
            throw reader.failure(error)
        }
    }

    private static let timelineName = Statement("primary.timeline", "select \(Timeline.sql)")
}

extension Timeline {
    /// Its name, on a primary: the cluster, the timeline and the database. The timeline comes from the name of the WAL
    /// file, because `pg_control_checkpoint()` tells the old one until the first checkpoint after a promotion.
    static let sql = """
        (select system_identifier from pg_control_system()) || '/'
            || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '/' || current_database()
        """
}

extension OutboxFeed {
    /// The commits that copies have not heard of for a second: the relay, where there is one, sees to them at once.
    public func health() async -> [ComponentHealth] {
        let backlog = try? await reader.primary.run { session in
            try session.execute(Self.backlog).one().int64(0)
        }
        guard let backlog else { return [] }
        return [
            ComponentHealth(
                name: "relay:backlog", status: backlog < Self.tolerableBacklog ? .pass : .warn,
                observed: Double(backlog), unit: "commits",
                output: backlog < Self.tolerableBacklog ? nil : "commits wait to be told to the cache")
        ]
    }

    private static let tolerableBacklog: Int64 = 1_000

    private static let backlog = Statement(
        "relay.backlog",
        "select count(*) from outbox where committed_at < clock_timestamp() - interval '1 second'")
}
