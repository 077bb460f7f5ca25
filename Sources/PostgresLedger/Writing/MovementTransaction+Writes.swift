import Inventory
import Postgres

extension MovementTransaction {
    /// The statements of the second round trip, before the commit: one per table.
    func writes(of decision: Decision, _ cache: CacheState) -> [Query] {
        guard let last = decision.audit.last else { return [] }
        var writes = [
            LedgerEntry.insert(decision.entries),
            AuditEntry.insert(decision.audit),
            LedgerEntry.upsertLevels(decision.lastEntries.values),
            LedgerHead.update(decision.heads.values),
        ]
        writes += Outbox.insert(CommitProof(last), decision.invalidations, cache)
        writes += Outbox.delete(invalidated)
        if !decision.records.isEmpty {
            writes.append(IdempotencyRecord.insert(decision.records))
        }
        return writes
    }
}

extension LedgerEntry {
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

    /// Sets the levels after the last entries of their products.
    static func upsertLevels(_ entries: some Collection<LedgerEntry>) -> Query {
        Query(
            upsertLevels,
            .int64s(entries.map(\.storeID.rawValue)),
            .int64s(entries.map(\.productID.rawValue)),
            .int64s(entries.map(\.onHandAfter)),
            .int64s(entries.map(\.position.rawValue)),
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

    private static let upsertLevels = Statement(
        "movements.upsert_levels",
        """
        insert into stock_levels as l (store_id, product_id, on_hand, position, recorded_at)
        select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::timestamptz[])
        on conflict (store_id, product_id) do update
        set on_hand = excluded.on_hand, position = excluded.position, recorded_at = excluded.recorded_at
        """)
}

extension Decision {
    /// The commit's changes to each ledger.
    var invalidations: [Invalidation] {
        var products: [StoreID: [ProductID: Position]] = [:]
        for entry in entries { products[entry.storeID, default: [:]][entry.productID] = entry.position }
        return heads.values.map {
            Invalidation(storeID: $0.storeID, position: $0.position, products: products[$0.storeID, default: [:]])
        }
    }
}

extension AuditEntry {
    static func insert(_ entries: [AuditEntry]) -> Query {
        Query(
            insertEntries,
            .int64s(entries.map(\.storeID.rawValue)),
            .int64s(entries.map(\.position.rawValue)),
            .timestamps(entries.map(\.recordedAt.microseconds)),
            .texts(entries.map(\.actor)),
            .texts(entries.map(\.action.rawValue)),
            .texts(entries.map(\.requestID)),
            .texts(entries.map(\.detail)),
            .byteArrays(entries.map(\.hash.bytes)))
    }

    private static let insertEntries = Statement(
        "audit.insert",
        """
        insert into audit_log (store_id, position, recorded_at, actor, action, request_id, detail, hash)
        select * from unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[],
            $7::text[], $8::bytea[])
        """)
}

extension LedgerHead {
    static func update(_ heads: some Collection<LedgerHead>) -> Query {
        Query(
            updateHeads,
            .int64s(heads.map(\.storeID.rawValue)),
            .int64s(heads.map(\.position.rawValue)),
            .byteArrays(heads.map(\.hash.bytes)),
            .timestamps(heads.map(\.recordedAt.microseconds)))
    }

    private static let updateHeads = Statement(
        "stores.update_heads",
        """
        update stores s set position = n.position, audit_head = n.hash, recorded_at = n.recorded_at
        from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::timestamptz[])
            as n (store_id, position, hash, recorded_at)
        where s.store_id = n.store_id
        """)
}
