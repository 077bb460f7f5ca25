import LedgerTesting
import Postgres
import ServerTesting
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Where the database makes a promotion wait.
enum StallPoint: Sendable {
    /// At a position of store 2; in the first transaction, if it is 1.
    case movement(Int64)
    /// When records of idempotency keys are written: the file is held.
    case outcomes
    /// In the transaction that opens the shop.
    case catalog
    /// In the commit of that transaction: the file is closed.
    case commit

    fileprivate var trigger: String {
        switch self {
        case .movement(let position):
            "trigger stall before insert on movements for each row "
                + "when (new.store_id = 2 and new.position = \(position))"
        case .outcomes: "trigger stall before insert on idempotency for each row"
        case .catalog: "trigger stall before insert on products for each row"
        case .commit:
            "constraint trigger stall after insert on audit_log deferrable initially deferred for each row "
                + "when (new.store_id = 0)"
        }
    }
}

extension TestDatabase {
    /// Starts a program, lets it come to a place, runs `body` while it waits there, and lets it go on to its end.
    /// - Parameter terminating: Whether the database ends the program's session instead of letting it go on.
    @discardableResult
    func stalling(
        _ start: () throws -> RunningProgram, at point: StallPoint, terminating: Bool = false,
        _ body: (RunningProgram) async throws -> Void
    ) async throws -> Program.Outcome {
        try await execute(
            """
            create or replace function stall() returns trigger language plpgsql as $$
            begin perform pg_advisory_xact_lock_shared(\(Self.stallLock)); return new; end
            $$;
            drop trigger if exists stall on movements;
            drop trigger if exists stall on idempotency;
            drop trigger if exists stall on products;
            drop trigger if exists stall on audit_log;
            create \(point.trigger) execute function stall()
            """)
        let program = try await whileStalled {
            let program = try start()
            do {
                try await eventually("the program stalls") { try await !stalled.isEmpty }
            } catch {
                program.kill()
                throw NotStalled(said: try await program.end().errors)
            }
            try await body(program)
            if terminating {
                try await execute("select pg_terminate_backend(pid) from pg_locks where \(Self.isStalled)")
            }
            return program
        }
        let outcome = try await program.end()
        // A session outlives its program until it has done what it was told.
        try await eventually("no session is left") { try await sessions == [0] }
        try await execute("drop function stall() cascade")
        return outcome
    }

    private func whileStalled<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        let isLocked = Mutex(false)
        let isOver = Mutex(false)
        async let holder: Void = withPool { pool in
            try await pool.run { session in
                _ = try session.execute(Statement("stall", "select pg_advisory_lock(\(Self.stallLock))"))
                isLocked.withLock { $0 = true }
                while !isOver.withLock({ $0 }) { usleep(1_000) }
                _ = try session.execute(Statement("go_on", "select pg_advisory_unlock(\(Self.stallLock))"))
            }
        }
        try await eventually { isLocked.withLock { $0 } }
        let result: Result<T, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        isOver.withLock { $0 = true }
        try await holder
        return try result.get()
    }

    private var stalled: [Int64] {
        get async throws { try await integers("select pid from pg_locks where \(Self.isStalled)") }
    }

    private var sessions: [Int64] {
        get async throws {
            try await integers(
                """
                select count(*) from pg_stat_activity
                where datname = current_database() and application_name = 'khata'
                """)
        }
    }

    /// "stall" in ASCII.
    private static let stallLock: Int64 = 0x73_74_61_6C_6C

    private static let isStalled = """
        locktype = 'advisory' and not granted and (classid::bigint << 32) + objid::bigint = \(stallLock)
            and database = (select oid from pg_database where datname = current_database())
        """
}

private struct NotStalled: Error {
    let said: String
}
