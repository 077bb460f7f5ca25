import Basics
import Inventory
import InventoryTesting
import LedgerTesting
import SQLiteLedger
import ServerTesting
import StockEvents
import Synchronization
import Testing

@Suite("The lease of a publisher")
struct PublisherLeaseTests {
    @Test("a process that stood still while it read does not publish what another one publishes by now")
    func pausedProcess() async throws {
        try await TestFile.with { file in
            try await file.withLedger { ledger in
                _ = try await ledger.change(.createStore(.one, name: "Shop"), .testing)
                _ = try await ledger.change(.createProduct(.sugar, ProductDetails(name: "Sugar")), .testing)
                let (paused, sink) = (PausedLedger(ledger), MemorySink())
                let publisher = EventPublisher(
                    ledger: paused, waiters: ChangeWaiters(), sink: sink, logger: TestDatabase.quiet)
                try await publisher.subscribe()
                _ = try await ledger.record(.stockIn(1), .testing)
                try await running([publisher]) {
                    try await eventually("it reads") { paused.isReading }
                    try await eventually("the lease is over") {
                        try await ledger.holdSubscription(SubscriptionID("broker"), as: "other", for: .seconds(600))
                    }
                    paused.resume()
                    try await eventually("it asks for the lease again, in vain") { paused.holds > 2 }
                }
                #expect(sink.published.isEmpty)
            }
        }
    }
}

/// Reads nothing until it is told to, and meanwhile does not answer who wants to extend a lease.
private final class PausedLedger: ChangeReading, SubscriptionStoring {
    private struct State {
        var isReading = false
        var isPaused = true
        var holds = 0
    }

    private let ledger: SQLiteLedger
    private let state = Mutex(State())

    init(_ ledger: SQLiteLedger) { self.ledger = ledger }

    var isReading: Bool { state.withLock { $0.isReading } }
    var holds: Int { state.withLock { $0.holds } }

    func resume() { state.withLock { $0.isPaused = false } }

    func changes(from keys: [EntryKey], limit: Int) async throws(LedgerError) -> Snapshot<[AuditEntry]> {
        state.withLock { $0.isReading = true }
        while state.withLock(\.isPaused) { try? await Task.sleep(for: .milliseconds(2)) }
        return try await ledger.changes(from: keys, limit: limit)
    }

    func holdSubscription(
        _ id: SubscriptionID, as holder: String, for duration: Duration
    ) async throws(LedgerError) -> Bool {
        let number = state.withLock { state in
            state.holds += 1
            return state.holds
        }
        // Until it is given up.
        while number == 2, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(2)) }
        return try await ledger.holdSubscription(id, as: holder, for: duration)
    }

    func heads(of scope: StoreScope) async throws(LedgerError) -> [LedgerHead] { try await ledger.heads(of: scope) }

    func createSubscription(_ id: SubscriptionID, from start: SubscriptionStart) async throws(LedgerError) {
        try await ledger.createSubscription(id, from: start)
    }

    func releaseSubscription(_ id: SubscriptionID, heldBy holder: String) async throws(LedgerError) {
        try await ledger.releaseSubscription(id, heldBy: holder)
    }

    func cursors(of id: SubscriptionID) async throws(LedgerError) -> [SubscriptionCursor] {
        try await ledger.cursors(of: id)
    }

    func advanceSubscription(
        _ id: SubscriptionID, to cursors: [SubscriptionCursor], heldBy holder: String
    ) async throws(LedgerError) {
        try await ledger.advanceSubscription(id, to: cursors, heldBy: holder)
    }
}

private final class MemorySink: EventSink, EventConnection {
    private let events = Mutex<[String]>([])

    var published: [String] { events.withLock(\.self) }
    let problem: String? = nil

    func withConnection(_ body: @escaping @Sendable (any EventConnection) async throws -> Void) async throws {
        try await body(self)
    }

    func publish(_ events: [ChangeEvent]) async throws -> [Result<Void, any Error>] {
        self.events.withLock { $0 += events.map(\.id) }
        return events.map { _ in .success(()) }
    }
}
