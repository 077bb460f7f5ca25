import Postgres
import ServerTesting
import Testing

@Suite("a pool")
struct PoolTests {
    private static let insert = Statement("insert", "INSERT INTO t VALUES ($1)")
    private static let count = Statement("count", "SELECT count(*) FROM t")

    private func isExhausted(_ body: () async throws -> Void) async -> Bool {
        do {
            try await body()
            return false
        } catch {
            return (error as? PostgresError)?.kind == .exhausted
        }
    }

    @Test("commits what a write did, and rolls back what a failed one did")
    func write() async throws {
        struct Mistake: Error {}
        try await TestServer.withSchema("CREATE TABLE t (n bigint)") { configuration in
            try await TestServer.withPool(configuration) { pool in
                let affected = try await pool.write { try $0.execute(Self.insert, .int64(1)).affectedCount }
                #expect(affected == 1)
                await #expect(throws: Mistake.self) {
                    try await pool.write { session in
                        _ = try session.execute(Self.insert, .int64(2))
                        #expect(session.transactionStatus == .open)
                        throw Mistake()
                    }
                }
                let refused = await #expect(throws: PostgresError.self) {
                    try await pool.write { session in
                        _ = try session.execute(Self.insert, .int64(3))
                        _ = try? session.execute(Statement("wrong", "SELECT 1 / 0"))
                    }
                }
                #expect(refused?.sqlState == SQLState.transactionFailed)
                try await pool.write { session in
                    _ = try session.pipeline([Query(Self.insert, .int64(4)), Query(.commit)])
                    #expect(session.transactionStatus == .idle)
                }
                try await pool.write { _ in }
                let count = try await pool.run { session in
                    #expect(session.transactionStatus == .idle)
                    return try session.execute(Self.count)[0].int64(0)
                }
                #expect(count == 2)
            }
        }
    }

    @Test("reads one snapshot in `snapshot`, a new one with each statement in `read`")
    func snapshots() async throws {
        try await TestServer.withSchema("CREATE TABLE t (n bigint)", isReadOnly: true) { configuration in
            var writable = configuration
            writable.isReadOnly = false
            try await TestServer.withPool(writable) { writer in
                try await TestServer.withPool(configuration) { reader in
                    for isSnapshot in [true, false] {
                        let gate = Gate()
                        let body = { @Sendable (session: Session) throws in
                            let before = try session.execute(Self.count)[0].int64(0)
                            gate.hold()
                            return try session.execute(Self.count)[0].int64(0) - before
                        }
                        async let seen = isSnapshot ? reader.snapshot(body) : reader.read(body)
                        await gate.arrival()
                        try await writer.write { _ = try $0.execute(Self.insert, .int64(1)) }
                        gate.open()
                        #expect(try await seen == (isSnapshot ? 0 : 1))
                    }
                    let error = await #expect(throws: PostgresError.self) {
                        try await reader.read { _ = try $0.execute(Self.insert, .int64(1)) }
                    }
                    #expect(error?.sqlState == SQLState.readOnlyTransaction)
                }
            }
        }
    }

    @Test("serves many callers with few connections")
    func manyCallers() async throws {
        try await TestServer.withPool(connections: 3, waiting: 200, waitTimeout: .seconds(300)) { pool in
            let ids = try await withThrowingTaskGroup(of: Int64.self) { group in
                for _ in 0..<200 { group.addTask { try await pool.run { try $0.execute(.backendID)[0].int64(0) } } }
                return try await group.reduce(into: Set<Int64>()) { $0.insert($1) }
            }
            #expect((1...3).contains(ids.count))
            #expect(pool.status.busy == 0)
            #expect(pool.status.idle == ids.count)
        }
    }

    @Test("refuses callers at once when too many wait, and lets a waiter be cancelled")
    func exhausted() async throws {
        try await TestServer.withPool(connections: 1, waiting: 1) { pool in
            let gate = Gate()
            async let holder: Void = pool.run { _ in gate.hold() }
            await gate.arrival()
            let waiter = Task { try await pool.run { _ in } }
            try await eventually("somebody waits") { pool.status.waiting == 1 }
            #expect(await isExhausted { try await pool.run { _ in } })
            waiter.cancel()
            await #expect(throws: CancellationError.self) { try await waiter.value }
            #expect(pool.status.waiting == 0)
            gate.open()
            try await holder
            try await pool.run { _ = try $0.execute(.one) }
        }
    }

    @Test("does not run anything for a caller that is cancelled already")
    func cancelledBefore() async throws {
        try await TestServer.withPool { pool in
            let gate = Gate()
            let caller = Task {
                await gate.arrival()
                try await pool.run { _ in _ = Issue.record("it ran") }
            }
            caller.cancel()
            await #expect(throws: CancellationError.self) { try await caller.value }
        }
    }

    @Test("lets nobody wait longer than its limit")
    func waitTimeout() async throws {
        try await TestServer.withPool(connections: 1, waiting: 2, waitTimeout: .milliseconds(50)) { pool in
            let gate = Gate()
            async let holder: Void = pool.run { _ in gate.hold() }
            await gate.arrival()
            async let first = isExhausted { try await pool.run { _ in } }
            async let second = isExhausted { try await pool.run { _ in } }
            #expect(await first)
            #expect(await second)
            gate.open()
            try await holder
        }
    }

    @Test("refuses waiters when it closes, and waits for those who have a connection")
    func close() async throws {
        try await TestServer.withPool(connections: 1) { pool in
            let gate = Gate()
            async let holder = pool.run { session in
                gate.hold()
                return try session.execute(.backendID)[0].int64(0)
            }
            await gate.arrival()
            let waiter = Task { try await pool.run { _ in } }
            try await eventually("somebody waits") { pool.status.waiting == 1 }
            async let closed: Void = pool.close()
            let refused = await #expect(throws: PostgresError.self) { try await waiter.value }
            #expect(refused?.kind == .closed)
            gate.open()
            let id = try await holder
            await closed
            let late = await #expect(throws: PostgresError.self) { try await pool.run { _ in } }
            #expect(late?.kind == .closed)
            try await TestServer.withConnection { observer in
                try await eventually("the server's process ends") {
                    try await !observer.run { try $0.execute(.isRunning, .int64(id))[0].bool(0) }
                }
            }
        }
    }

    @Test("goes on when the server ends all its connections")
    func loss() async throws {
        try await TestServer.withPool { pool in
            let id = try await pool.run { try $0.execute(.backendID)[0].int64(0) }
            try await TestServer.withConnection { killer in
                _ = try await killer.run { try $0.execute(.terminate, .int64(id)).count }
            }
            #expect(try await pool.run { try $0.execute(.backendID)[0].int64(0) } != id)
        }
    }
}
