import Dispatch
import Inventory
import InventoryTesting
import LedgerTesting
import SQLiteLedger
import ServerTesting
import Synchronization
import Testing

@Suite("Reads of a file", .serialized)
struct ReadingTests {
    @Test("a disk that hangs holds up who waits for it, and not the thread that asked")
    func stalledDisk() async throws {
        try await TestFile.withShop { file in
            try await StalledDisk.with(file.path) {
                try await file.withLedger { ledger in
                    // What is in the connections' memory is the past after this.
                    _ = try await ledger.record(.stockIn(3), .testing)
                    StalledDisk.isStalled.store(true, ordering: .relaxed)
                    let loop = OneThread()
                    let level = Task(executorPreference: loop) { try await ledger.onHand() }
                    try await eventually("the read waits") { StalledDisk.isAwaited.load(ordering: .relaxed) }
                    loop.ask()
                    await #expect(throws: Never.self) {
                        try await eventually("the thread is free") { loop.hasAnswered.load(ordering: .relaxed) }
                    }
                    StalledDisk.isStalled.store(false, ordering: .relaxed)
                    #expect(try await level.value == 3)
                }
            }
        }
    }
}

/// Runs tasks as an event loop does: on one thread, beside other work.
private final class OneThread: TaskExecutor {
    let hasAnswered = Atomic(false)
    private let queue = DispatchQueue(label: "loop")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    func ask() {
        queue.async { self.hasAnswered.store(true, ordering: .relaxed) }
    }
}
