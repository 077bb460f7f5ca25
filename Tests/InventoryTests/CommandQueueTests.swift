import Testing

@testable import Inventory

@Suite("The queue of group commit")
struct CommandQueueTests {
    /// Waiters and runners are numbers here.
    private typealias Queue = CommandQueue<Int, String>

    private func command(lines: Int = 1) -> MovementCommand {
        let movement = Movement(
            storeID: StoreID(rawValue: 1), productID: ProductID(rawValue: 102), kind: .stockIn, quantity: Quantity(1)!)
        return MovementCommand(
            .batch(Batch([Movement](repeating: movement, count: lines), isAtomic: false)),
            CommandContext(actor: "key:test", requestID: "test"))
    }

    private func waiters(_ next: Queue.Next) -> [Int]? {
        guard case .batch(let batch) = next else { return nil }
        return batch.map(\.waiter)
    }

    @Test("an idle runner is woken with the first command, and takes at once what came in meanwhile")
    func batches() {
        var queue = Queue(maximumBatch: 256, maximumLines: 1_000, capacity: 1_000)
        guard case .idle = queue.next("runner") else {
            Issue.record("there is nothing to do")
            return
        }
        guard case .wake("runner", let first) = queue.enqueue(command(), 1) else {
            Issue.record("the runner is idle")
            return
        }
        #expect(first.map(\.waiter) == [1])
        for waiter in 2...4 {
            guard case .waiting = queue.enqueue(command(), waiter) else {
                Issue.record("the runner is at work")
                return
            }
        }
        #expect(waiters(queue.next("runner")) == [2, 3, 4])
    }

    @Test("a batch has so many commands and lines, but a large command goes alone")
    func limits() {
        var queue = Queue(maximumBatch: 3, maximumLines: 10, capacity: 1_000)
        for (waiter, lines) in [1, 1, 1, 1, 9, 1, 500, 1].enumerated() {
            _ = queue.enqueue(command(lines: lines), waiter)
        }
        #expect(waiters(queue.next("")) == [0, 1, 2])
        #expect(waiters(queue.next("")) == [3, 4])
        #expect(waiters(queue.next("")) == [5])
        #expect(waiters(queue.next("")) == [6])
        #expect(waiters(queue.next("")) == [7])
    }

    @Test("more lines than it may hold are refused, until some were taken")
    func capacity() {
        var queue = Queue(maximumBatch: 1, maximumLines: 10, capacity: 10)
        _ = queue.enqueue(command(lines: 8), 1)
        guard case .full = queue.enqueue(command(lines: 3), 2), case .waiting = queue.enqueue(command(lines: 2), 3)
        else {
            Issue.record("8 of 10 lines are taken")
            return
        }
        #expect(waiters(queue.next("")) == [1])
        guard case .waiting = queue.enqueue(command(lines: 3), 4) else {
            Issue.record("2 of 10 lines are taken")
            return
        }
    }

    @Test("a closed queue takes nothing more, does what it has, and ends")
    func closing() {
        var queue = Queue(maximumBatch: 256, maximumLines: 1_000, capacity: 1_000)
        _ = queue.enqueue(command(), 1)
        #expect(queue.close() == nil)
        guard case .closed = queue.enqueue(command(), 2) else {
            Issue.record("it is closed")
            return
        }
        #expect(waiters(queue.next("runner")) == [1])
        guard case .finished = queue.next("runner") else {
            Issue.record("it is drained")
            return
        }
    }

    @Test("closing wakes an idle runner")
    func closingIdle() {
        var queue = Queue(maximumBatch: 256, maximumLines: 1_000, capacity: 1_000)
        _ = queue.next("runner")
        #expect(queue.close() == "runner")
    }
}

extension CommandQueue {
    fileprivate mutating func enqueue(_ command: MovementCommand, _ waiter: Waiter) -> Enqueued {
        enqueue(PendingCommand(command: command, sequence: nil, waiter: waiter))
    }
}
