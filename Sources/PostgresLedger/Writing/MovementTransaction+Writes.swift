import Inventory
import Postgres

extension MovementTransaction {
    /// The statements of the second round trip, before the commit: one per table.
    func writes(of decision: Decision, _ cache: CacheState) -> [Query] {
        var writes: [Query] = []
        if let last = decision.audit.last {
            writes = [
                LedgerEntry.insert(decision.entries),
                AuditEntry.insert(decision.audit),
                LedgerHead.update(decision.heads.values),
            ]
            writes += Outbox.insert(CommitProof(last), decision.invalidations, cache)
            writes += Outbox.delete(invalidated)
        }
        if !decision.records.isEmpty {
            writes.append(IdempotencyRecord.insert(decision.records))
        }
        return writes
    }
}

extension LedgerEntry {
    /// A trigger sets the levels that follow.
    static func insert(_ entries: [LedgerEntry]) -> Query {
        Query(
            insertMovements,
            .int64s(entries.map(\.storeID.rawValue)),
            .int64s(entries.map(\.position.rawValue)),
            .int64s(entries.map(\.productID.rawValue)),
            .texts(entries.map(\.type.rawValue)),
            .int64s(entries.map(\.quantity)),
            .int64s(entries.map(\.onHandAfter)),
            .texts(entries.map(\.transferID)),
            .texts(entries.map(\.notes.reference)),
            .texts(entries.map(\.notes.note)),
            .timestamps(entries.map(\.notes.occurredAt?.microseconds)),
            .timestamps(entries.map(\.recordedAt.microseconds)))
    }

    private static let insertMovements = Statement(
        "movements.insert",
        """
        insert into movements (store_id, position, product_id, type, quantity, on_hand_after, transfer_id, reference,
            note, occurred_at, recorded_at)
        select store_id, position, product_id, type::movement_type, quantity, on_hand_after, transfer_id, reference,
            note, occurred_at, recorded_at
        from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::text[],
            $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[])
            as n (store_id, position, product_id, type, quantity, on_hand_after, transfer_id, reference, note,
            occurred_at, recorded_at)
        """)
}
