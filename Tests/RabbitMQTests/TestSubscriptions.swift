import Inventory
import PostgresLedger

/// What a publisher reads and stores, for tests that get in between.
struct TestSubscriptions: ChangeReading, SubscriptionStoring {
    /// The ledger, at this moment.
    let ledger: @Sendable () -> PostgresLedger
    /// Whether cursors cannot be stored now.
    var forgets: @Sendable () -> Bool = { false }

    func advanceSubscription(
        _ id: SubscriptionID, to cursors: [SubscriptionCursor], heldBy holder: String
    ) async throws(LedgerError) {
        guard !forgets() else { throw .unavailable }
        try await ledger().advanceSubscription(id, to: cursors, heldBy: holder)
    }

    func heads(of scope: StoreScope) async throws(LedgerError) -> [LedgerHead] {
        try await ledger().heads(of: scope)
    }

    func changes(from keys: [EntryKey], limit: Int) async throws(LedgerError) -> Snapshot<[AuditEntry]> {
        try await ledger().changes(from: keys, limit: limit)
    }

    func createSubscription(_ id: SubscriptionID, from start: SubscriptionStart) async throws(LedgerError) {
        try await ledger().createSubscription(id, from: start)
    }

    func holdSubscription(
        _ id: SubscriptionID, as holder: String, for duration: Duration
    ) async throws(LedgerError) -> Bool {
        try await ledger().holdSubscription(id, as: holder, for: duration)
    }

    func releaseSubscription(_ id: SubscriptionID, heldBy holder: String) async throws(LedgerError) {
        try await ledger().releaseSubscription(id, heldBy: holder)
    }

    func cursors(of id: SubscriptionID) async throws(LedgerError) -> [SubscriptionCursor] {
        try await ledger().cursors(of: id)
    }
}
