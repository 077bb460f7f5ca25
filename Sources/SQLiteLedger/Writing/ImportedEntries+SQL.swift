import GRDB
import Inventory

extension [MovementCommand] {
    /// Creates missing records of import names, for changes made through a server in requests with import ids.
    func importRecords(
        besides records: [IdempotencyKey.Scope: IdempotencyRecord], in database: Database
    ) throws -> [IdempotencyRecord] {
        try compactMap { command in
            guard let name = command.context.importName, let scope = command.context.idempotency?.scope,
                records[scope] == nil
            else { return nil }
            return command.importRecord(
                of: try database.rows(importedEntries, name.requestID, decode: LedgerEntry.init))
        }
    }
}

/// Same conditions as the index.
private let importedEntries = """
    select m.store_id, m.position, m.product_id, m.type, m.quantity, m.on_hand_after, m.transfer_id, m.reference,
        m.note, m.occurred_at, m.recorded_at
    from audit_log a indexed by audit_log_of_imports join movements m using (store_id, position)
    where a.request_id = ? and a.actor <> 'import' and a.request_id >= 'import-' and a.request_id < 'import.'
    order by m.store_id, m.position
    """
