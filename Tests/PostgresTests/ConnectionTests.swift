import Postgres
import ServerTesting
import Synchronization
import Testing

@Suite("a connection")
struct ConnectionTests {
    @Test("sets the session up as configured; the string's own options stay")
    func settings() async throws {
        var configuration = try TestServer.configuration("options=-cwork_mem%3D1234kB", isReadOnly: true)
        configuration.statementTimeout = .milliseconds(1500)
        configuration.idleInTransactionTimeout = nil
        configuration.settings = ["lock_timeout": "250ms"]
        try await TestServer.withConnection(configuration) { connection in
            let show = Statement(
                "show", "SELECT current_setting(name) FROM unnest($1::text[]) WITH ORDINALITY AS s(name, i) ORDER BY i")
            let settings = try await connection.run { session in
                try session.execute(
                    show,
                    .texts([
                        "statement_timeout", "idle_in_transaction_session_timeout", "default_transaction_read_only",
                        "TimeZone", "client_encoding", "application_name", "work_mem", "lock_timeout",
                    ])
                ).map { try $0.text(0) }
            }
            #expect(settings == ["1500ms", "0", "on", "UTC", "UTF8", "khata-tests", "1234kB", "250ms"])
        }
    }

    @Test("runs jobs one after the other, in order")
    func order() async throws {
        try await TestServer.withConnection { connection in
            let before = try await connection.backendID()
            let sum = try await withThrowingTaskGroup(of: Int64.self) { group in
                for _ in 0..<50 { group.addTask { try await connection.run { try $0.execute(.one)[0].int64(0) } } }
                return try await group.reduce(0, +)
            }
            #expect(sum == 50)
            #expect(try await connection.backendID() == before)
        }
    }

    @Test("rolls back what a job left open, thrown error or not")
    func dirtySession() async throws {
        struct Mistake: Error {}
        try await TestServer.withSchema("CREATE TABLE t (n bigint)") { configuration in
            let insert = Statement("insert", "INSERT INTO t VALUES (1)")
            try await TestServer.withConnection(configuration) { connection in
                let id = try await connection.backendID()
                try await connection.run { _ = try $0.pipeline([Query(.begin), Query(insert)]) }
                await #expect(throws: Mistake.self) {
                    try await connection.run { session in
                        _ = try session.pipeline([Query(.begin), Query(insert)])
                        throw Mistake()
                    }
                }
                let (count, status) = try await connection.run { session in
                    let status = session.transactionStatus
                    return (try session.execute(Statement("c", "SELECT count(*) FROM t"))[0].int64(0), status)
                }
                #expect(count == 0)
                #expect(status == .idle)
                #expect(try await connection.backendID() == id)
            }
        }
    }

    @Test("replaces a connection that the server closed while it was idle, without an error")
    func idleLoss() async throws {
        try await TestServer.withConnection { killer in
            try await TestServer.withConnection { connection in
                let id = try await connection.backendID()
                #expect(try await killer.run { try $0.execute(.terminate, .int64(id))[0].bool(0) })
                #expect(try await connection.backendID() != id)
                #expect(connection.isConnected)
            }
        }
    }

    @Test("replaces a connection that ended without a word while it was idle, without an error")
    func silentIdleLoss() async throws {
        try await TestServer.withConnection { connection in
            let id = try await connection.backendID()
            try await connection.run { $0.hangUp() }
            #expect(try await connection.backendID() != id)
        }
    }

    @Test("reconnects after a loss in the middle of a job, and prepares again")
    func lossInJob() async throws {
        try await TestServer.withConnection { connection in
            let id = try await connection.backendID()
            let error = await #expect(throws: PostgresError.self) {
                try await connection.run { session in
                    _ = try session.execute(.begin)
                    _ = try? session.execute(.terminate, .int64(id))
                    #expect(session.transactionStatus == .unknown)
                    _ = try session.execute(.one)
                }
            }
            #expect(error?.sqlState == SQLState.adminShutdown)
            #expect(error?.isRetryable == true)
            #expect(!connection.isConnected)
            #expect(try await connection.backendID() != id)
        }
    }

    @Test("has the server cancel a statement that takes too long")
    func statementTimeout() async throws {
        var configuration = try TestServer.configuration()
        configuration.statementTimeout = .seconds(2)
        try await TestServer.withConnection(configuration) { connection in
            let id = try await connection.backendID()
            let error = await #expect(throws: PostgresError.self) {
                try await connection.run { _ = try $0.execute(Statement("s", "SELECT pg_sleep(60)")) }
            }
            #expect(error?.sqlState == SQLState.queryCanceled)
            #expect(error?.outcome == .notApplied)
            #expect(try await connection.backendID() == id)
        }
    }

    @Test("gives up at once when it is told that the server is silent, and goes on when it is not any more")
    func silent() async throws {
        let isSilent = Atomic(false)
        var configuration = try TestServer.configuration()
        configuration.isSilent = { isSilent.load(ordering: .relaxed) }
        try await TestServer.withConnection(configuration) { connection in
            let id = try await connection.backendID()
            let start = ContinuousClock.now
            let error = await #expect(throws: PostgresError.self) {
                try await connection.run { session in
                    isSilent.store(true, ordering: .relaxed)
                    _ = try session.execute(Statement("s", "SELECT pg_sleep(20)"))
                }
            }
            let next = await #expect(throws: PostgresError.self) { try await connection.backendID() }
            #expect(error?.kind == .timeout && next?.kind == .timeout)
            #expect(ContinuousClock.now - start < .seconds(5))
            isSilent.store(false, ordering: .relaxed)
            #expect(try await connection.backendID() != id)
        }
    }

    @Test("refuses to write when it is read-only")
    func readOnly() async throws {
        try await TestServer.withSchema("CREATE TABLE t (n bigint)", isReadOnly: true) { configuration in
            try await TestServer.withConnection(configuration) { connection in
                let error = await #expect(throws: PostgresError.self) {
                    try await connection.run { _ = try $0.execute(Statement("i", "INSERT INTO t VALUES (1)")) }
                }
                #expect(error?.sqlState == SQLState.readOnlyTransaction)
            }
        }
    }

    @Test("finishes what was submitted before it closes, and refuses what comes after")
    func close() async throws {
        let connection = Connection(try TestServer.configuration(), logger: TestServer.logger)
        let gate = Gate()
        async let first = connection.run { session in
            gate.hold()
            return try session.execute(.backendID)[0].int64(0)
        }
        await gate.arrival()
        async let closed: Void = connection.close()
        gate.open()
        let id = try await first
        await closed
        let error = await #expect(throws: PostgresError.self) { try await connection.backendID() }
        #expect(error?.kind == .closed)
        try await TestServer.withConnection { observer in
            try await eventually("the server's process ends") {
                try await !observer.run { try $0.execute(.isRunning, .int64(id))[0].bool(0) }
            }
        }
    }
}
