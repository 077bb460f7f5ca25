import Foundation
public import Inventory
public import Logging
public import Postgres
public import PostgresLedger
import Synchronization

/// A database of its own on the test servers, with the schema, and a ledger on it.
public struct TestDatabase: Sendable {
    /// As the role that serves, so that no test passes without a privilege that it needs.
    public let primaryURL: String
    public let replicaURL: String
    /// As the superuser, who owns the tables.
    public let ownerURL: String
    private let name: String

    public static let quiet: Logger = {
        var logger = Logger(label: "test", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .critical
        return logger
    }()

    /// Makes a database, lends it and drops it.
    public static func with<T: Sendable>(
        migrated: Bool = true, _ body: (TestDatabase) async throws -> T
    ) async throws -> T {
        let database = try TestDatabase()
        try await database.onServer("create database \(database.name)")
        do {
            if migrated { try await database.migrate() }
            let result = try await body(database)
            try await database.onServer("drop database \(database.name) with (force)")
            return result
        } catch {
            try await database.onServer("drop database \(database.name) with (force)")
            throw error
        }
    }

    /// Lends a copy of this database as it is, while nobody uses it, and drops the copy.
    public func withCopy<T: Sendable>(_ body: (TestDatabase) async throws -> T) async throws -> T {
        let copy = try TestDatabase()
        try await onServer("create database \(copy.name) template \(name)")
        do {
            let result = try await body(copy)
            try await onServer("drop database \(copy.name) with (force)")
            return result
        } catch {
            try await onServer("drop database \(copy.name) with (force)")
            throw error
        }
    }

    private init() throws {
        name = "khata_test_\(UInt64.random(in: 0...UInt64.max))"
        primaryURL = try Self.url("KHATA_TEST_PRIMARY_URL", database: name, user: Self.servingRole)
        replicaURL = try Self.url("KHATA_TEST_REPLICA_URL", database: name, user: Self.servingRole)
        ownerURL = try Self.url("KHATA_TEST_PRIMARY_URL", database: name)
    }

    /// Has the superuser's password.
    public static let servingRole = "khata_serve"

    /// - Returns: The versions that were applied.
    @discardableResult
    public func migrate() async throws -> [Int64] {
        try await withPool { pool in try await Schema(pool).migrate(servingRole: Self.servingRole) }
    }

    /// Runs SQL behind the ledger's back.
    public func execute(_ sql: String) async throws {
        try await withPool { pool in try await pool.run { session in try session.script(sql) } }
    }

    /// The first column of a query's rows, as integers.
    public func integers(_ sql: String) async throws -> [Int64] {
        try await withPool { pool in
            try await pool.run { session in try session.execute(Statement("test", sql)).map { try $0.int64(0) } }
        }
    }

    /// As the owner.
    public func withPool<T: Sendable>(_ body: (Pool) async throws -> T) async throws -> T {
        try await Self.withPool(ownerURL, body)
    }

    public static func withPool<T: Sendable>(_ url: String, _ body: (Pool) async throws -> T) async throws -> T {
        let pool = Pool(
            try ConnectionConfiguration(url, applicationName: "test"), maximumConnections: 2, maximumWaiting: 100,
            waitTimeout: .seconds(30), logger: quiet)
        do {
            let result = try await body(pool)
            await pool.close()
            return result
        } catch {
            await pool.close()
            throw error
        }
    }

    private func onServer(_ sql: String) async throws {
        try await Self.withPool(try Self.url("KHATA_TEST_PRIMARY_URL")) { pool in
            try await pool.run { session in try session.script(sql) }
        }
    }

    /// The way to the primary through a link.
    public func primaryURL(through link: FaultyLink) -> String { Self.url(primaryURL, through: link) }

    /// The way to the replica through a link.
    public func replicaURL(through link: FaultyLink) -> String { Self.url(replicaURL, through: link) }

    private static func url(_ text: String, through link: FaultyLink) -> String {
        guard var url = URLComponents(string: text) else { return text }
        url.host = "127.0.0.1"
        url.port = link.port
        return url.string ?? text
    }

    /// Runs `body` with a link to the primary.
    public func withFaultyLink<T: Sendable>(_ body: (FaultyLink) async throws -> T) async throws -> T {
        try await Self.withFaultyLink(to: primaryURL, body)
    }

    /// Runs `body` with a link to the replica.
    public func withFaultyReplicaLink<T: Sendable>(_ body: (FaultyLink) async throws -> T) async throws -> T {
        try await Self.withFaultyLink(to: replicaURL, body)
    }

    private static func withFaultyLink<T: Sendable>(
        to text: String, _ body: (FaultyLink) async throws -> T
    ) async throws -> T {
        let url = URLComponents(string: text)
        return try await FaultyLink.with(to: url?.host ?? "127.0.0.1", url?.port ?? 5432, body)
    }

    /// The replica's own database `postgres`.
    public static func replicaServerURL() throws -> String { try url("KHATA_TEST_REPLICA_URL") }

    private static func url(_ variable: String, database: String? = nil, user: String? = nil) throws -> String {
        guard let value = ProcessInfo.processInfo.environment[variable], var url = URLComponents(string: value) else {
            throw MissingServer(variable: variable)
        }
        if let database { url.path = "/" + database }
        if let user { url.user = user }
        return url.string ?? value
    }
}

struct MissingServer: Error, CustomStringConvertible {
    let variable: String
    var description: String { "\(variable) does not name a server: run the tests with ops/test" }
}

extension TestDatabase {
    /// Runs a ledger on this database while `body` uses it.
    ///
    /// - Parameters:
    ///   - primary: Another way to the primary.
    ///   - replicas: The ways to the replicas.
    ///   - invalidating: Is told of each commit.
    public func withLedger<T: Sendable>(
        primary: String? = nil, replicas: [String] = [], limits: LedgerLimits = LedgerLimits(),
        invalidating: any CacheInvalidating = NoCacheConnection(), observer: any LedgerObserver = IgnoringObserver(),
        logger: Logger = quiet,
        _ body: @Sendable (PostgresLedger) async throws -> T
    ) async throws -> T {
        let ledger = PostgresLedger(
            primary: try ConnectionConfiguration(primary ?? primaryURL, applicationName: "khata-test"),
            replicas: try replicas.map {
                try ConnectionConfiguration($0, applicationName: "khata-test", isReadOnly: true)
            },
            limits: limits, invalidating: invalidating, observer: observer, logger: logger)
        return try await running([ledger]) { try await body(ledger) }
    }
}

public struct IgnoringObserver: LedgerObserver {
    public init() {}
    public func observe(_ observation: LedgerObservation) {}
}

extension TestDatabase {
    private static let pause = Turn()

    /// Runs `body` while the replica, which is one for all tests, stays where it is.
    public static func withReplayPaused(_ body: () async throws -> Void) async throws {
        await pause.take()
        let result: Result<Void, any Error>
        do {
            try await withReplica { session in
                try session.script("select pg_wal_replay_pause()")
                while try session.execute(Statement("paused", "select pg_get_wal_replay_pause_state()"))[0].text(0)
                    != "paused"
                {}
            }
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        try await withReplica { session in try session.script("select pg_wal_replay_resume()") }
        await pause.leave()
        try result.get()
    }

    private static func withReplica(_ body: @escaping @Sendable (Session) throws -> Void) async throws {
        try await withPool(replicaServerURL()) { pool in try await pool.run(body) }
    }
}

/// Whose turn it is, in the order of asking.
private actor Turn {
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func take() async {
        guard isTaken else {
            isTaken = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func leave() {
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
}

/// Counts what concurrent tasks do.
public final class Counter: Sendable {
    private let count = Mutex(0)

    public init() {}
    public var value: Int { count.withLock { $0 } }
    public func increment() { count.withLock { $0 += 1 } }
}
