import Postgres
import ServerTesting
import Testing

/// The connection is lost at different moments, by the hand of triggers that end their own server process.
@Suite("the outcome of what was under way when the connection was lost")
struct OutcomeTests {
    private static let schema = """
        CREATE TABLE t (n bigint);
        CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60); RETURN NEW; END $$;
        CREATE FUNCTION doze() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_sleep(4); RETURN NEW; END $$;
        CREATE CONSTRAINT TRIGGER at_once AFTER INSERT ON t FOR EACH ROW WHEN (NEW.n = 1)
            EXECUTE FUNCTION die();
        CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
            WHEN (NEW.n = 2) EXECUTE FUNCTION die();
        CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
            WHEN (NEW.n = 3) EXECUTE FUNCTION doze();
        """
    private static let insert = Statement("insert", "INSERT INTO t VALUES ($1)")
    private static let count = Statement("count", "SELECT count(*) FROM t")
    private static let diesAtOnce: Int64 = 1
    private static let diesAtCommit: Int64 = 2
    private static let slowToCommit: Int64 = 3

    private func error(
        isReadOnly: Bool = false, _ configure: (inout ConnectionConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (Session) throws -> Void
    ) async throws -> PostgresError? {
        try await TestServer.withSchema(Self.schema, isReadOnly: isReadOnly) { configuration in
            var configuration = configuration
            configure(&configuration)
            return try await TestServer.withConnection(configuration) { connection in
                let error = await #expect(throws: PostgresError.self) { try await connection.run(body) }
                try await connection.expectAnswer()
                return error
            }
        }
    }

    @Test("is known before COMMIT is sent")
    func beforeCommit() async throws {
        let error = try await error { session in
            _ = try session.execute(.begin)
            _ = try session.execute(Self.insert, .int64(Self.diesAtOnce))
        }
        #expect(error?.sqlState == SQLState.adminShutdown)
        #expect(error?.outcome == .notApplied)
        #expect(error?.statement == "insert")
        #expect(error?.isRetryable == true)
    }

    @Test("is known when BEGIN is in the same pipeline and COMMIT is not")
    func beginInPipeline() async throws {
        let error = try await error { session in
            _ = try session.pipeline([Query(.begin), Query(Self.insert, .int64(Self.diesAtOnce))])
        }
        #expect(error?.outcome == .notApplied)
    }

    @Test("is unknown in COMMIT")
    func inCommit() async throws {
        let error = try await error { session in
            _ = try session.pipeline([Query(.begin), Query(Self.insert, .int64(Self.diesAtCommit))])
            _ = try session.execute(.commit)
        }
        #expect(error?.outcome == .unknown)
        #expect(error?.statement == "commit")
        #expect(error?.isRetryable == false)
    }

    @Test("is unknown when COMMIT was sent along, wherever the loss was")
    func commitInPipeline() async throws {
        let error = try await error { session in
            _ = try session.pipeline([Query(.begin), Query(Self.insert, .int64(Self.diesAtOnce)), Query(.commit)])
        }
        #expect(error?.outcome == .unknown)
        #expect(error?.statement == "insert")
    }

    @Test("is unknown without a transaction, unless the session is read-only", arguments: [false, true])
    func autocommit(isReadOnly: Bool) async throws {
        let error = try await error(isReadOnly: isReadOnly) { session in
            _ = try session.execute(Statement("die", "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)"))
        }
        #expect(error?.outcome == (isReadOnly ? .notApplied : .unknown))
    }

    @Test("is unknown in a script")
    func script() async throws {
        let error = try await error { try $0.script("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)") }
        #expect(error?.outcome == .unknown)
        #expect(error?.sqlState == SQLState.adminShutdown)
    }

    @Test("is remembered: whatever the job tries next fails as the loss did")
    func remembered() async throws {
        let error = try await error { session in
            _ = try session.pipeline([Query(.begin), Query(Self.insert, .int64(Self.diesAtCommit))])
            _ = try? session.execute(.commit)
            _ = try session.execute(.one)
        }
        #expect(error?.outcome == .unknown)
        #expect(error?.statement == "commit")
    }

    @Test("is judged alike when the connection ends without a word", arguments: [false, true])
    func withoutFarewell(commits: Bool) async throws {
        let error = try await error { session in
            _ = try session.pipeline([Query(.begin), Query(Self.insert, .int64(0))])
            session.hangUp()
            _ = try session.pipeline([Query(Self.insert, .int64(0))] + (commits ? [Query(.commit)] : []))
        }
        #expect(error?.kind == .connection)
        #expect(error?.outcome == (commits ? .unknown : .notApplied))
    }

    @Test("is unknown when the server stays silent in COMMIT, known when it did before")
    func silence() async throws {
        let impatient = { @Sendable (configuration: inout ConnectionConfiguration) in
            configuration.silenceTimeout = .milliseconds(1_500)
        }
        let inCommit = try await error(impatient) { session in
            _ = try session.pipeline([Query(.begin), Query(Self.insert, .int64(Self.slowToCommit))])
            _ = try session.execute(.commit)
        }
        #expect(inCommit?.kind == .timeout)
        #expect(inCommit?.outcome == .unknown)
        let before = try await error(impatient) { session in
            _ = try session.execute(.begin)
            _ = try session.execute(Statement("sleep", "SELECT pg_sleep(4)"))
        }
        #expect(before?.kind == .timeout)
        #expect(before?.outcome == .notApplied)
        #expect(before?.statement == "sleep")
    }

    @Test("is a commit when the caller is cancelled while COMMIT runs")
    func cancelledCaller() async throws {
        try await TestServer.withSchema(Self.schema) { configuration in
            try await TestServer.withPool(configuration) { pool in
                let id = try await pool.run { try $0.execute(.backendID)[0].int64(0) }
                try await TestServer.withConnection { observer in
                    // Connects before there is something to see.
                    try await observer.run { _ = try $0.execute(.one) }
                    let caller = Task {
                        try await pool.write { _ = try $0.execute(Self.insert, .int64(Self.slowToCommit)) }
                    }
                    try await eventually("COMMIT runs") {
                        try await observer.run { try $0.execute(.statementOf, .int64(id)).first?.text(0) == "COMMIT" }
                    }
                    caller.cancel()
                    try await caller.value
                }
                #expect(try await pool.run { try $0.execute(Self.count)[0].int64(0) } == 1)
            }
        }
    }
}
