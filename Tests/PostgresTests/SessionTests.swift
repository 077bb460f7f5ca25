import Postgres
import Testing

@Suite("a session")
struct SessionTests {
    private static let echo = Statement("echo", "SELECT $1::text")
    private static let divide = Statement("divide", "SELECT 10 / $1::bigint")

    @Test("answers a pipeline in order, the same statement several times included")
    func order() async throws {
        try await TestServer.withConnection { connection in
            let answers = try await connection.run { session in
                try session.pipeline((1...100).map { Query(Self.echo, .text("\($0)")) }).map { try $0[0].text(0) }
            }
            #expect(answers == (1...100).map(String.init))
        }
    }

    @Test("does not deadlock when both directions carry more than the sockets hold")
    func largePipeline() async throws {
        // The server cannot send the first answer while it is not read, nor read the second query meanwhile.
        let make = Statement("make", "SELECT repeat('k', $1::bigint::integer)")
        let size = 24 << 20
        var configuration = try TestServer.configuration()
        configuration.silenceTimeout = .seconds(10)
        try await TestServer.withConnection(configuration) { connection in
            let sizes = try await connection.run { session in
                let large = Query(Self.echo, .text(String(repeating: "k", count: size)))
                return try session.pipeline([Query(make, .int64(Int64(size))), large, large])
                    .map { try $0[0].text(0).utf8.count }
            }
            #expect(sizes == [size, size, size])
        }
    }

    @Test("prepares a statement once")
    func preparesOnce() async throws {
        let count = Statement("count", "SELECT count(*) FROM pg_prepared_statements WHERE name = 'echo'")
        try await TestServer.withConnection { connection in
            let counts = try await connection.run { session in
                let before = try session.execute(count)[0].int64(0)
                for _ in 0..<3 { _ = try session.execute(Self.echo, .text("")) }
                return [before, try session.execute(count)[0].int64(0)]
            }
            #expect(counts == [0, 1])
        }
    }

    @Test("names the statement that was refused, runs none after it, and goes on")
    func refusalInPipeline() async throws {
        try await TestServer.withSchema("CREATE TABLE t (n bigint PRIMARY KEY CHECK (n > 0))") { configuration in
            let insert = Statement("insert", "INSERT INTO t VALUES ($1)")
            let count = Statement("count", "SELECT count(*) FROM t")
            try await TestServer.withConnection(configuration) { connection in
                let error = await #expect(throws: PostgresError.self) {
                    try await connection.run { session in
                        _ = try session.pipeline([
                            Query(.one), Query(insert, .int64(1)), Query(Self.divide, .int64(0)),
                            Query(insert, .int64(2)),
                            Query(Self.echo, .text("")),
                        ])
                    }
                }
                #expect(error?.sqlState == "22012")
                #expect(error?.statement == "divide")
                #expect(error?.outcome == .notApplied)
                #expect(error?.isRetryable == false)
                // The statements before the refused one are prepared, the one after it is not: both still work.
                let rows = try await connection.run { session in
                    _ = try session.pipeline([
                        Query(insert, .int64(3)), Query(Self.divide, .int64(5)), Query(Self.echo, .text("")),
                    ])
                    return try session.execute(count)[0].int64(0)
                }
                #expect(rows == 1)
                let violation = await #expect(throws: PostgresError.self) {
                    try await connection.run { _ = try $0.execute(insert, .int64(-1)) }
                }
                #expect(violation?.sqlState == SQLState.checkViolation)
                #expect(violation?.constraint == "t_n_check")
                #expect(violation?.table == "t")
                #expect(violation?.detail?.contains("-1") == true)
                #expect(violation?.description.contains("-1") == false)
            }
        }
    }

    @Test("survives a statement that cannot be prepared, between others that can")
    func refusedPreparation() async throws {
        let broken = Statement("broken", "SELEKT")
        try await TestServer.withConnection { connection in
            let error = await #expect(throws: PostgresError.self) {
                try await connection.run { session in
                    _ = try session.pipeline([Query(.one), Query(broken), Query(Self.echo, .text("a"))])
                }
            }
            #expect(error?.sqlState == "42601")
            #expect(error?.statement == "broken")
            let answer = try await connection.run { session in
                try session.pipeline([Query(.one), Query(Self.echo, .text("a"))])[1][0].text(0)
            }
            #expect(answer == "a")
        }
    }

    @Test("reports a deferred constraint that fails at the implicit commit")
    func refusalAtSync() async throws {
        let sql = "CREATE TABLE t (n bigint PRIMARY KEY, p bigint REFERENCES t DEFERRABLE INITIALLY DEFERRED)"
        try await TestServer.withSchema(sql) { configuration in
            try await TestServer.withConnection(configuration) { connection in
                let error = await #expect(throws: PostgresError.self) {
                    try await connection.run { _ = try $0.execute(Statement("i", "INSERT INTO t VALUES (1, 2)")) }
                }
                #expect(error?.sqlState == SQLState.foreignKeyViolation)
                #expect(error?.outcome == .notApplied)
                try await connection.expectAnswer()
            }
        }
    }

    @Test("does not take a COMMIT that rolled back for one that committed")
    func commitOfFailedTransaction() async throws {
        try await TestServer.withConnection { connection in
            let error = await #expect(throws: PostgresError.self) {
                try await connection.run { session in
                    _ = try session.execute(.begin)
                    _ = try? session.execute(Self.divide, .int64(0))
                    #expect(session.transactionStatus == .failed)
                    _ = try session.execute(.commit)
                }
            }
            #expect(error?.sqlState == SQLState.transactionFailed)
            #expect(error?.outcome == .notApplied)
        }
    }

    @Test("runs scripts of several statements, all or nothing, and pipelines afterwards")
    func scripts() async throws {
        try await TestServer.withSchema("") { configuration in
            try await TestServer.withConnection(configuration) { connection in
                let error = await #expect(throws: PostgresError.self) {
                    try await connection.run { try $0.script("CREATE TABLE a (n bigint); SELEKT") }
                }
                #expect(error?.sqlState == "42601")
                let exists = try await connection.run { session in
                    try session.script("CREATE TABLE b (n bigint); SELECT 1; CREATE TABLE IF NOT EXISTS b ()")
                    let row = try session.execute(
                        Statement("x", "SELECT to_regclass('a') IS NOT NULL, to_regclass('b') IS NOT NULL"))[0]
                    return try [row.bool(0), row.bool(1)]
                }
                #expect(exists == [false, true])
            }
        }
    }

    @Test("refuses COPY instead of waiting for data that will not come")
    func copy() async throws {
        try await TestServer.withConnection { connection in
            let error = await #expect(throws: PostgresError.self) {
                try await connection.run { try $0.script("COPY pg_class TO STDOUT") }
            }
            #expect(error?.kind == .connection)
            try await connection.expectAnswer()
        }
    }

    @Test("gets a new connection when its prepared statements are gone")
    func lostStatements() async throws {
        try await TestServer.withConnection { connection in
            let error = await #expect(throws: PostgresError.self) {
                try await connection.run { session in
                    _ = try session.execute(.one)
                    try session.script("DEALLOCATE ALL")
                    _ = try session.execute(.one)
                }
            }
            #expect(error?.sqlState == SQLState.unknownStatement)
            #expect(error?.isRetryable == true)
            try await connection.expectAnswer()
        }
    }
}
