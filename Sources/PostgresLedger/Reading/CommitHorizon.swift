import Postgres
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How far the primary has committed, as a position in its WAL: a replica that has replayed up to there knows all that
/// was acknowledged before the question.
///
/// Callers that ask while an answer is under way share the next one, so the primary is asked one question at a time.
final class CommitHorizon: Sendable {
    private typealias Caller = CheckedContinuation<Result<String, any Error>, Never>

    private struct State {
        var isAsking = false
        var callers: [Caller] = []
    }

    private let primary: Pool
    private let state = Mutex(State())

    init(primary: Pool) {
        self.primary = primary
    }

    /// - Throws: `PostgresError`.
    func now() async throws -> String {
        let result = await withCheckedContinuation { (caller: Caller) in
            let isFirst = state.withLock { state in
                state.callers.append(caller)
                defer { state.isAsking = true }
                return !state.isAsking
            }
            // A task of its own: who asked first may leave, and the others still get their answer.
            if isFirst { Task { await answer() } }
        }
        return try result.get()
    }

    private func answer() async {
        while let callers = nextCallers() {
            let result: Result<String, any Error>
            do {
                result = .success(try await primary.run { session in try session.execute(Self.flushed).one().text(0) })
            } catch {
                result = .failure(error)
            }
            for caller in callers { caller.resume(returning: result) }
        }
    }

    private func nextCallers() -> [Caller]? {
        state.withLock { state in
            guard !state.callers.isEmpty else {
                state.isAsking = false
                return nil
            }
            defer { state.callers = [] }
            return state.callers
        }
    }

    /// Nothing is acknowledged before it is flushed.
    private static let flushed = Statement("horizon.flushed", "select pg_current_wal_flush_lsn()::text")
}

extension Session {
    /// Whether a replica has replayed up to a position in the primary's WAL, now or within a moment.
    ///
    /// Asked in a statement before the snapshot is taken: what is replayed by then is in the snapshot.
    func replays(upTo horizon: String) throws -> Bool {
        for attempt in 0..<Self.attempts {
            // On the connection's own thread, which has nothing else to do.
            if attempt > 0 { usleep(Self.pauseMicroseconds) }
            if try execute(Self.replayed, .text(horizon)).one().bool(0) { return true }
        }
        return false
    }

    private static let attempts = 6
    private static let pauseMicroseconds: UInt32 = 2_000
    private static let replayed = Statement(
        "horizon.replayed", "select coalesce(pg_last_wal_replay_lsn() >= $1::text::pg_lsn, false)")
}
