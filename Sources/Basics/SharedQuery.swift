import Synchronization

/// One query at a time for many callers: those that call while one is in progress share the next one, so that no result is
/// from before the call.
package final class SharedQuery<Subject: Hashable & Sendable, Value: Sendable>: Sendable {
    private typealias Caller = CheckedContinuation<Result<Value, any Error>, Never>

    private struct State {
        var isRunning = false
        var callers: [Caller] = []
        var subjects: Set<Subject> = []
    }

    private let state = Mutex(State())
    private let query: @Sendable (Set<Subject>) async throws -> Value

    /// - Parameter query: Receives what all its callers need.
    package init(_ query: @escaping @Sendable (Set<Subject>) async throws -> Value) {
        self.query = query
    }

    /// - Throws: What the query throws.
    package func value(for subjects: some Sequence<Subject>) async throws -> Value {
        try await withCheckedContinuation { (caller: Caller) in
            let isFirst = state.withLock { state in
                state.callers.append(caller)
                state.subjects.formUnion(subjects)
                defer { state.isRunning = true }
                return !state.isRunning
            }
            // A detached task: neither the first caller's cancellation nor its trace may affect the others.
            if isFirst { Task.detached { await self.serveCallers() } }
        }.get()
    }

    private func serveCallers() async {
        while let (callers, subjects) = nextCallers() {
            let result = await Result.of { try await query(subjects) }
            for caller in callers { caller.resume(returning: result) }
        }
    }

    private func nextCallers() -> ([Caller], Set<Subject>)? {
        state.withLock { state in
            guard !state.callers.isEmpty else {
                state.isRunning = false
                return nil
            }
            defer { (state.callers, state.subjects) = ([], []) }
            return (state.callers, state.subjects)
        }
    }
}
