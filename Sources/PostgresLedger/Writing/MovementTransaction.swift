import Inventory
import Postgres

/// Reads what a batch of commands depends on, under the locks of their stores, and decides what is to be written.
struct MovementTransaction: Sendable {
    let commands: [MovementCommand]
    /// Outbox rows to be deleted along with this commit.
    let delivered: [EntryKey]

    func prepare(_ session: Session) throws -> PreparedTransaction<Committed<Decision>> {
        let (state, timeline) = try lockedState(session)
        let decision = decide(commands, on: state)
        return PreparedTransaction(
            value: Committed(value: decision, timeline: timeline), writes: try writes(of: decision),
            proof: decision.audit.last.map(CommitProof.init))
    }

    /// One round trip. Stores are locked in order of id, so that transactions never wait for each other in a circle.
    private func lockedState(_ session: Session) throws -> (LockedState, Timeline) {
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
        let answers = try session.pipeline(queries)
        var state = try Self.state(stores: answers[2], levels: answers[3], records: keys.isEmpty ? nil : answers[4])
        if !imports.isEmpty {
            for record in imports.importRecords(answers[5], besides: state.records) {
                state.records[record.key.scope] = record
            }
        }
        return (state, Timeline(answers[1][0].text(1)))
    }

    private static func state(stores: Rows, levels: Rows, records: Rows?) throws -> LockedState {
        guard let now = levels.first?.timestamp(4) else { preconditionFailure("commands name levels") }
        var state = LockedState(now: Timestamp(microseconds: now))
        for row in stores where !row.bool(4) {
            let head = LedgerHead(row)
            state.heads[head.storeID] = head
        }
        for row in levels where row.bool(3) {
            let level = LevelKey(StoreID(rawValue: row.int64(0)), ProductID(rawValue: row.int64(1)))
            state.products.insert(level.productID)
            state.onHand[level] = row.int64(2)
        }
        for record in try records?.map(IdempotencyRecord.init) ?? [] {
            state.records[record.key.scope] = record
        }
        return state
    }

    /// Shared by all movements, so it costs them nothing; taken alone by what archives a product, so that no movement
    /// that saw the product commits after the check that none of it is left.
    private static let lockCatalog = Statement(
        "movements.lock_catalog", "select pg_advisory_xact_lock_shared(\(CatalogTransaction.lock)), \(Timeline.sql)")

    private static let lockStores = Statement(
        "movements.lock_stores",
        """
        select store_id, position, audit_head, recorded_at, archived_at is not null
        from stores where store_id = any($1::bigint[]) and store_id > 0
        order by store_id for no key update
        """)

    private static let levels = Statement(
        "movements.levels",
        """
        select n.store_id, n.product_id, coalesce(l.on_hand, 0), p.product_id is not null, clock_timestamp()
        from unnest($1::bigint[], $2::bigint[]) as n (store_id, product_id)
        left join products p on p.product_id = n.product_id and p.archived_at is null
        left join stock_levels l on l.store_id = n.store_id and l.product_id = n.product_id
        """)
}

extension LedgerHead {
    /// From `store_id, position, audit_head, recorded_at`.
    init(_ row: Row) {
        self.init(
            storeID: StoreID(rawValue: row.int64(0)), position: Position(rawValue: row.int64(1)),
            hash: AuditHash(bytes: row.bytes(2)), recordedAt: Timestamp(microseconds: row.timestamp(3)))
    }
}
