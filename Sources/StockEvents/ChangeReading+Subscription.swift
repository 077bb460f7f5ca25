package import Inventory

extension ChangeReading {
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
