package import Inventory

extension ChangeReading {
    /// The next events of a store after a subscription's cursor, in order and without gaps.
    /// - Throws: `.historyChanged` if the ledger does not have the cursor's entry.
    package func events(
        after cursor: SubscriptionCursor, limit: Int
    ) async throws(LedgerError) -> [ChangeEvent] {
        let key = EntryKey(storeID: cursor.storeID, position: cursor.position)
        let found = try await changes(from: [key], limit: limit + 1)
        // It may be a replica's that lost the primary, and with it the knowledge of the history.
        guard found.unproven == nil else { throw .unavailable }
        return try ChangeCursor(cursor).page([key], found.value, share: limit).events
    }
}

extension ChangeCursor {
    fileprivate init(_ cursor: SubscriptionCursor) {
        self.init()
        add(cursor.storeID, Seen(cursor.position, hash: cursor.hash.bytes))
    }
}
