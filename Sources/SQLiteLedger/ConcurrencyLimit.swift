import Synchronization

/// Limits how many callers are admitted at once; more are refused.
final class ConcurrencyLimit: Sendable {
    private let free: Mutex<Int>

    init(_ count: Int) {
        free = Mutex(count)
    }

    func take() -> Bool {
        free.withLock { free in
            guard free > 0 else { return false }
            free -= 1
            return true
        }
    }

    func release() {
        free.withLock { $0 += 1 }
    }
}
