import Foundation

/// Threads for work that takes a core for long. The system gives them what others leave of the cores.
final class BackgroundThreads: Sendable {
    private let queue = Queue()

    init(_ count: Int) {
        for _ in 0..<count {
            let thread = Thread { [queue] in
                lowerPriority()
                while let work = queue.next() { work() }
            }
            thread.name = "khata-background"
            thread.start()
        }
    }

    deinit {
        queue.close()
    }

    /// Does the work when a thread is free, in order.
    func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.add { continuation.resume(returning: work()) }
        }
    }
}

/// What waits for a thread. Its length is the caller's to limit.
private final class Queue: @unchecked Sendable {
    typealias Work = @Sendable () -> Void

    /// Guards what follows, hence the conformance.
    private let condition = NSCondition()
    private var waiting: [Work] = []
    private var isClosed = false

    func add(_ work: @escaping Work) {
        condition.withLock { waiting.append(work) }
        condition.signal()
    }

    /// - Returns: `nil` once the queue is closed and empty.
    func next() -> Work? {
        condition.withLock {
            while waiting.isEmpty && !isClosed { condition.wait() }
            return waiting.isEmpty ? nil : waiting.removeFirst()
        }
    }

    func close() {
        condition.withLock { isClosed = true }
        condition.broadcast()
    }
}

/// Of the calling thread: on Linux, priorities are threads' own.
private func lowerPriority() {
    #if os(Linux)
        _ = setpriority(__priority_which_t(UInt32(PRIO_PROCESS.rawValue)), 0, 10)
    #endif
}
