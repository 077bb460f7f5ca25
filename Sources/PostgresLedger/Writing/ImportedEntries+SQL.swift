import Inventory
import Postgres

extension [MovementCommand] {
    /// Entries that earlier versions imported through a server: their request ids stand for the imports' names.
    var importedEntries: Query {
        Query(.importedEntries, .texts(Set(compactMap(\.context.importName?.requestID)).sorted()))
    }

    /// Records made from such entries, for the imports' names that have none.
    func importRecords(
        _ rows: Rows, besides records: [IdempotencyKey.Scope: IdempotencyRecord]
    ) throws -> [IdempotencyRecord] {
        let entries = try Dictionary(grouping: rows, by: { try $0.text(11) })
        return try compactMap { command in
            guard let scope = command.context.idempotency?.scope, records[scope] == nil,
                let found = command.context.importName.flatMap({ entries[$0.requestID] })
            else { return nil }
            return command.importRecord(of: try found.map { try LedgerEntry($0) })
        }
    }
}

extension Statement {
    /// The conditions are those of the index. Without "offset 0", a plan made while the index was empty would read all
    /// of it each time.
    fileprivate static let importedEntries = Statement(
        "imports.entries",
        """
        select m.store_id, m.position, m.product_id, m.type::text, m.quantity, m.on_hand_after, m.transfer_id,
            m.reference, m.note, m.occurred_at, m.recorded_at, a.request_id
        from unnest($1::text[]) as n (request_id)
        cross join lateral (
            select store_id, position, request_id from audit_log
            where request_id = n.request_id and actor <> 'import' and request_id like 'import-%' offset 0
        ) a
        join movements m on m.store_id = a.store_id and m.position = a.position
        order by m.store_id, m.position
        """)
}
