import Dispatch
import Foundation
import Logging
import ServerTesting
import Testing

@testable import Postgres

/// The server under test, as `KHATA_TEST_PRIMARY_URL` names it: a superuser's URI of the database `postgres`.
enum TestServer {
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    static func url() throws -> String {
        try #require(
            ProcessInfo.processInfo.environment["KHATA_TEST_PRIMARY_URL"],
            "set KHATA_TEST_PRIMARY_URL to a superuser's URI, such as postgres://postgres:secret@127.0.0.1:5432/postgres"
        )
    }

    /// The URI with further parameters, percent-encoded.
    static func url(with settings: String) throws -> String {
        let url = try url()
        return settings.isEmpty ? url : url + (url.contains("?") ? "&" : "?") + settings
    }

    static func configuration(_ settings: String = "", isReadOnly: Bool = false) throws -> ConnectionConfiguration {
        try ConnectionConfiguration(url(with: settings), applicationName: "khata-tests", isReadOnly: isReadOnly)
    }

    static func withConnection<T>(
        _ configuration: ConnectionConfiguration? = nil, _ body: (Connection) async throws -> T
    ) async throws -> T {
        let connection = Connection(try configuration ?? self.configuration(), logger: logger)
        return try await closing(connection.close) { try await body(connection) }
    }

    static func withPool<T>(
        _ configuration: ConnectionConfiguration? = nil, connections: Int = 4, waiting: Int = 16,
        waitTimeout: Duration = .seconds(20), _ body: (Pool) async throws -> T
    ) async throws -> T {
        let pool = Pool(
            try configuration ?? self.configuration(), maximumConnections: connections, maximumWaiting: waiting,
            waitTimeout: waitTimeout, logger: logger)
        return try await closing(pool.close) { try await body(pool) }
    }

    /// Makes a schema of the test's own with the SQL given in it, and a configuration that finds it.
    static func withSchema<T>(
        _ sql: String, isReadOnly: Bool = false, _ body: (ConnectionConfiguration) async throws -> T
    ) async throws -> T {
        let schema = "test_\(UInt64.random(in: 0 ... .max))"
        return try await withConnection { admin in
            try await admin.run { try $0.script("CREATE SCHEMA \(schema); SET search_path TO \(schema); \(sql)") }
            let drop = { @Sendable () async -> Void in
                _ = try? await admin.run { try $0.script("DROP SCHEMA \(schema) CASCADE") }
            }
            return try await closing(drop) {
                try await body(configuration("options=-csearch_path%3D\(schema)", isReadOnly: isReadOnly))
            }
        }
    }
}

/// Holds the thread that comes to it until it is opened.
struct Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let arrivals = AsyncStream<Void>.makeStream()

    func hold() {
        arrivals.continuation.yield()
        semaphore.wait()
    }

    func arrival() async {
        for await _ in arrivals.stream { return }
    }

    func open() { semaphore.signal() }
}

extension Statement {
    static let one = Statement("one", "SELECT 1::bigint")
    static let backendID = Statement("backend_id", "SELECT pg_backend_pid()")
    static let terminate = Statement("terminate", "SELECT pg_terminate_backend($1::bigint::integer, 10000)")
    static let isRunning = Statement(
        "is_running", "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1::bigint)")
    static let statementOf = Statement(
        "statement_of", "SELECT query FROM pg_stat_activity WHERE pid = $1::bigint AND state = 'active'")
}

extension Connection {
    func expectAnswer() async throws {
        let answer = try await run { try $0.execute(.one)[0].int64(0) }
        #expect(answer == 1)
    }

    func backendID() async throws -> Int64 {
        try await run { try $0.execute(.backendID)[0].int64(0) }
    }
}

extension Session {
    /// Ends the connection as a broken network does: neither side says goodbye.
    func hangUp() {
        shutdown(wire.descriptor, Int32(SHUT_RDWR))
    }
}
