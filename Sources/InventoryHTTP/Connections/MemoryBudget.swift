import Synchronization

/// Limits the memory of all request bodies that are being received or processed, and of all responses that their clients
/// are slow to take.
///
/// A principal may hold as much as it leaves free. So one that takes all it can gets half of the budget, two get a third
/// each, and others always find room. Source: Choudhury and Hahne, "Dynamic Queue Length Thresholds for Shared-Memory
/// Packet Switches" (1998), with the factor 1.
final class MemoryBudget: Sendable {
    private struct State {
        var free: Int
        var held: [String: Int] = [:]
    }

    private let state: Mutex<State>

    init(bytes: Int) {
        state = Mutex(State(free: bytes))
    }

    /// - Parameter bytes: More, or fewer if negative.
    /// - Returns: Whether there was room for more.
    fileprivate func change(_ principal: String, by bytes: Int) -> Bool {
        state.withLock { state in
            let held = state.held[principal, default: 0] + bytes
            guard bytes <= 0 || held <= state.free - bytes else { return false }
            state.free -= bytes
            state.held[principal] = held > 0 ? held : nil
            return true
        }
    }

    var free: Int { state.withLock(\.free) }
}

/// What one body, or one connection's responses, takes of the budget, until it is deallocated.
final class MemoryHold: Sendable {
    private let budget: MemoryBudget
    private let principal: String
    private let bytes = Mutex(0)

    init(_ budget: MemoryBudget, for principal: String) {
        self.budget = budget
        self.principal = principal
    }

    deinit {
        _ = resize(to: 0)
    }

    /// - Returns: `false` if there is no room; then the size is unchanged.
    func resize(to size: Int) -> Bool {
        bytes.withLock { bytes in
            guard budget.change(principal, by: size - bytes) else { return false }
            bytes = size
            return true
        }
    }
}
