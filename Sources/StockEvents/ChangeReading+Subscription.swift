package import Inventory

extension ChangeReading {
    /// How long ago the oldest of the entries after these keys was recorded; zero if there is none.
    /// - Parameter keys: One of each ledger. Only the first 250 ledgers are looked at.
    package func age(ofOldestAfter keys: [EntryKey]) async throws(LedgerError) -> Duration {
        let keys = Array(keys.prefix(maximumLedgersForAge))
        guard !keys.isEmpty else { return .zero }
        let known = Dictionary(keys.map { ($0.storeID, $0.position) }, uniquingKeysWith: min)
        // The key's own entry is read too.
        let oldest = try await changes(from: keys, limit: 2).value
            .filter { $0.position > known[$0.storeID] ?? .zero }.map(\.recordedAt).min()
        return oldest.map { .microseconds(max(0, Timestamp.now.microseconds - $0.microseconds)) } ?? .zero
    }

    /// The next events of a store after a subscription's cursor, in order and without gaps.
    /// - Throws: `.historyChanged` if the ledger does not have the cursor's entry.
    package func events(
        after cursor: SubscriptionCursor, limit: Int
    ) async throws(LedgerError) -> [ChangeEvent] {
        let key = EntryKey(storeID: cursor.storeID, position: cursor.position)
        let entries = try await provenChanges(from: [key], limit: limit + 1)
        return try ChangeCursor([cursor]).page([key], entries, share: limit).events
    }

    /// As ``changes(from:limit:)``, but fails where these cannot be proven to be of the ledger's history: they may be a
    /// replica's that lost the primary.
    package func provenChanges(from keys: [EntryKey], limit: Int) async throws(LedgerError) -> [AuditEntry] {
        let found = try await changes(from: keys, limit: limit)
        guard found.unproven == nil else { throw .unavailable }
        return found.value
    }
}

private let maximumLedgersForAge = 250
