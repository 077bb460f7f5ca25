/// GRDB's shape (https://github.com/groue/GRDB.swift, `DatabasePool`): straight-line closures on a connection's thread.
/// BEGIN is sent with the first statement of a transaction.
extension Pool {
    /// Runs `body` without a transaction: each statement, or each pipeline, has its own snapshot. For a pool whose
    /// configuration is read-only.
    public func read<T: Sendable>(_ body: @escaping @Sendable (Session) throws -> T) async throws -> T {
        precondition(configuration.isReadOnly, "`read` is for read-only pools: use `snapshot` or `run`")
        return try await run(body)
    }

    /// Runs `body` in a transaction that reads one snapshot (REPEATABLE READ, READ ONLY).
    public func snapshot<T: Sendable>(_ body: @escaping @Sendable (Session) throws -> T) async throws -> T {
        try await transaction(.beginSnapshot, body)
    }

    /// Runs `body` in a transaction (READ COMMITTED) and commits it, or rolls it back if `body` throws.
    ///
    /// `body` may save the round trip of the COMMIT by sending ``Statement/commit`` at the end of its last pipeline.
    public func write<T: Sendable>(_ body: @escaping @Sendable (Session) throws -> T) async throws -> T {
        precondition(!configuration.isReadOnly, "`write` is not for read-only pools")
        return try await transaction(.begin, body)
    }

    private func transaction<T: Sendable>(
        _ begin: Statement, _ body: @escaping @Sendable (Session) throws -> T
    ) async throws -> T {
        try await run { session in
            session.begin(begin)
            let value = try body(session)
            try session.commit()
            return value
        }
    }
}
