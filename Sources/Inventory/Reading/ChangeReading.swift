/// What a change feed reads of a ledger. The audit log has an entry for every change, in order and without gaps.
public protocol ChangeReading: Sendable {
    /// Where ledgers end, archived ones included, read from the primary. A ledger that does not exist is missing.
    func heads(of scope: StoreScope) async throws(LedgerError) -> [LedgerHead]

    /// Entries of several ledgers, by store and position: in each from the key on, including the key's own.
    /// - Parameters:
    ///   - limit: Of each ledger's entries.
    /// - Returns: Everything that ``heads(of:)`` showed before the call.
    func changes(from keys: [EntryKey], limit: Int) async throws(LedgerError) -> Snapshot<[AuditEntry]>
}
