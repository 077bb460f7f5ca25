import Inventory
import Postgres

/// Reads the state that a batch of commands depends on, under the locks of their stores, and decides what to write.
struct MovementTransaction: Sendable {
    let commands: [MovementCommand]
    /// Outbox rows to delete in this commit.
    let invalidated: [Outbox.Key]

    func prepare(_ session: Session) throws -> PreparedTransaction<Decided<Decision>> {
        let (state, cache) = try lockedState(session)
        let decision = decide(commands, on: state)
        return PreparedTransaction(
            value: Decided(value: decision, cache: cache), writes: writes(of: decision, cache),
            proof: decision.audit.last.map(CommitProof.init))
    }

    /// One round trip. Stores are locked in order of id, so that transactions never deadlock.
    private func lockedState(_ session: Session) throws -> (LockedState, CacheState) {
        var levels = Set<LevelKey>()
        for command in commands { command.forEachLevel { levels.insert($0) } }
        let keys = commands.compactMap(\.context.idempotency?.scope)
        var queries = [
            Query(.begin),
            Query(Self.lockCatalog),
            Query(Self.lockStores, .int64s(Set(levels.map(\.storeID.rawValue)).sorted())),
            Query(
                Self.levels, .int64s(levels.map(\.storeID.rawValue)), .int64s(levels.map(\.productID.rawValue))),
        ]
        if !keys.isEmpty {
            queries.append(IdempotencyRecord.query(keys))
        }
        let imports = commands.filter { $0.context.importName != nil }
        if !imports.isEmpty {
            queries.append(imports.importedEntries)
        }
        let results = try session.pipeline(queries)
        let history = try session.history
        var state = try Self.state(
            history, stores: results[2], levels: results[3], records: keys.isEmpty ? nil : results[4])
        if !imports.isEmpty {
            for record in try imports.importRecords(results[5], besides: state.records) {
                state.records[record.key.scope] = record
            }
        }
        return (state, try CacheState(results[3].one(), at: 5, in: history))
    }

    private static func state(
        _ history: History, stores: Rows, levels: Rows, records: Rows?
    ) throws -> LockedState {
        var state = LockedState(now: try levels.one().moment(4), history: history)
        for row in stores where try !row.bool(4) {
            let head = try LedgerHead(row)
            state.heads[head.storeID] = head
        }
        for row in levels where try row.bool(3) {
            let level = LevelKey(StoreID(rawValue: try row.int64(0)), ProductID(rawValue: try row.int64(1)))
            state.products.insert(level.productID)
            state.onHand[level] = try row.int64(2)
        }
        for record in try records?.map(IdempotencyRecord.init) ?? [] {
            state.records[record.key.scope] = record
        }
        return state
    }

    /// Movements share it, so they do not wait for each other; archiving a product takes it exclusively, so that no
    /// movement that saw the product commits after the check that none is left.
    private static let lockCatalog = Statement(
        "movements.lock_catalog",
        "select pg_advisory_xact_lock_shared(\(CatalogTransaction.lock)), \(CacheState.lockSharedSQL)")

    private static let lockStores = Statement(
        "movements.lock_stores",
        """
        select store_id, position, audit_head, recorded_at, archived_at is not null
        from stores where store_id = any($1::bigint[]) and store_id > 0
        order by store_id for no key update
        """)

    /// At least one row, even for commands that concern no level.
    private static let levels = Statement(
        "movements.levels",
        """
        select n.store_id, n.product_id, coalesce(l.on_hand, 0), p.product_id is not null, clock_timestamp(),
            \(CacheState.columnsSQL)
        from (select) as once
        left join unnest($1::bigint[], $2::bigint[]) as n (store_id, product_id) on true
        left join products p on p.product_id = n.product_id and p.archived_at is null
        left join stock_levels l on l.store_id = n.store_id and l.product_id = n.product_id
        """)
}
