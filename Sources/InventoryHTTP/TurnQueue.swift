import Inventory
import NIOCore
import Synchronization

/// Lets little of some heavy work run at a time, such as reports, each of which may keep a core of the database busy for
/// seconds; the rest waits.
final class TurnQueue: Sendable {
    private struct State {
        var running = 0
        var waiting: CircularBuffer<CheckedContinuation<Void, Never>> = []
        /// Running or waiting.
        var byPrincipal: [String: Int] = [:]
    }

    private static let maximumWaiting = 64
    /// Of a principal, running or waiting.
    private static let share = 4

    private let maximum: Int
    private let state = Mutex(State())

    init(atOnce maximum: Int) {
        self.maximum = maximum
    }

    /// - Throws: `.overloaded`, and what `work` throws.
    func run<Value: Sendable>(for principal: String, _ work: () async throws -> Value) async throws -> Value {
        try await enter(principal)
        defer { leave(principal) }
        return try await work()
    }

    private func enter(_ principal: String) async throws(LedgerError) {
        let isAdmitted = state.withLock { state in
            guard state.waiting.count < Self.maximumWaiting, state.byPrincipal[principal, default: 0] < Self.share
            else { return false }
            state.byPrincipal[principal, default: 0] += 1
            return true
        }
        guard isAdmitted else { throw .overloaded }
        await withCheckedContinuation { continuation in
            let isNext = state.withLock { state in
                guard state.running < maximum else {
                    state.waiting.append(continuation)
                    return false
                }
                state.running += 1
                return true
            }
            if isNext { continuation.resume() }
        }
    }

    private func leave(_ principal: String) {
        let next = state.withLock { state in
            let count = state.byPrincipal[principal, default: 1]
            state.byPrincipal[principal] = count > 1 ? count - 1 : nil
            guard let next = state.waiting.popFirst() else {
                state.running -= 1
                return nil as CheckedContinuation<Void, Never>?
            }
            return next
        }
        next?.resume()
    }
}
