import Inventory
import Postgres

/// Reads the state that a change to the catalog depends on, under the lock on the catalog's ledger, and decides.
struct CatalogTransaction: Sendable {
    /// The advisory lock that movements share and archiving a product takes exclusively; "stock" in ASCII.
    static let lock: Int64 = 0x73_74_6F_63_6B

    let command: CatalogCommand
    /// Outbox rows to delete in this commit.
    let invalidated: [Outbox.Key]

    func prepare(_ session: Session) throws -> PreparedTransaction<Decided<Result<CatalogDecision, Refusal>>> {
        let (head, cache) = try lockedHead(session)
        let state = try state(session, head: head, in: cache.history)
        let result = Result { () throws(Refusal) in try decide(command, on: state) }
        guard case .success(let decision) = result, let written = decision.written else {
            return PreparedTransaction(
                value: Decided(value: result, cache: cache), writes: [], proof: nil)
        }
        return PreparedTransaction(
            value: Decided(value: result, cache: cache), writes: writes(of: written, cache),
            proof: CommitProof(written.audit))
    }

    private func lockedHead(_ session: Session) throws -> (LedgerHead, CacheState) {
        // In the same order as movements, against deadlocks.
        var locks = [Query(.begin)]
        if case .archiveProduct = command.change { locks.append(Query(Self.lockOutMovements)) }
        locks.append(Query(Self.lockCache))
        let head = locks.count
        locks.append(Query(Self.lockCatalog))
        if case .archiveStore(let id, _) = command.change { locks.append(Query(Self.lockStore, .int64(id.rawValue))) }
        let row = try session.pipeline(locks)[head].one()
        return (try LedgerHead(row), try CacheState(row, at: 4, in: session.history))
    }

    private func state(
        _ session: Session, head: LedgerHead, in history: History
    ) throws -> CatalogState {
        let subject = command.change.subject
        let results = try session.pipeline([
            Query(subject.find, .int64(subject.id)),
            Query(Self.skuHolder, .text(command.change.sku)),
            Query(subject.highestID),
            subject.stockLeft(of: command.change.archived?.id, command.context.scope),
            IdempotencyRecord.query(command.context.idempotency.map { [$0.scope] } ?? []),
            Query(PostgresLedger.productsNamed, .text(command.change.ownName)),
        ])
        return CatalogState(
            now: Timestamp(microseconds: try results[2].one().timestamp(1)),
            head: head,
            history: history,
            subject: try results[0].first.map(subject.decode) ?? .missing,
            skuHolder: try results[1].first.map { ProductID(rawValue: try $0.int64(0)) },
            namesakes: try results[5].map(Product.init),
            highestID: try results[2].one().int64(0),
            stockLeft: StockLeft(
                try results[3].map { row in
                    let level = LevelKey(StoreID(rawValue: try row.int64(0)), ProductID(rawValue: try row.int64(1)))
                    return (level, try row.bool(2))
                }),
            record: try results[4].first.map(IdempotencyRecord.init))
    }

    private func writes(of written: CatalogDecision.Written, _ cache: CacheState) -> [Query] {
        let archivedAt = written.isArchived ? written.audit.recordedAt.microseconds : nil
        var writes: [Query] = []
        switch written.item {
        case .product(let product):
            writes.append(
                Query(
                    Self.putProduct, .int64(product.id.rawValue), .text(product.details.sku),
                    .text(product.details.name), .text(product.details.category), .text(product.details.unit),
                    .int64(product.position.rawValue), .timestamp(archivedAt)))
        case .store(let store):
            writes.append(
                Query(
                    Self.putStore, .int64(store.id.rawValue), .text(store.name), .int64(store.position.rawValue),
                    .timestamp(archivedAt)))
        }
        writes.append(AuditEntry.insert([written.audit]))
        writes.append(LedgerHead.update([written.head]))
        writes += Outbox.insert(CommitProof(written.audit), [written.invalidation], cache)
        writes += Outbox.delete(invalidated)
        if let record = written.record { writes.append(IdempotencyRecord.insert([record])) }
        return writes
    }

    private static let lockCache = Statement("catalog.lock_cache", "select \(CacheState.lockSharedSQL)")

    private static let lockOutMovements = Statement(
        "catalog.lock_out_movements", "select pg_advisory_xact_lock(\(lock))")

    private static let lockCatalog = Statement(
        "catalog.lock",
        """
        select store_id, position, audit_head, recorded_at, \(CacheState.columnsSQL)
        from stores where store_id = 0 for no key update
        """)

    private static let lockStore = Statement(
        "catalog.lock_store", "select from stores where store_id = $1::bigint for no key update")

    private static let skuHolder = Statement(
        "catalog.sku_holder", "select product_id from products where sku = $1::text")

    private static let putProduct = Statement(
        "catalog.put_product",
        """
        insert into products (product_id, sku, name, category, unit, version, archived_at)
        values ($1::bigint, $2::text, $3::text, $4::text, $5::text, $6::bigint, $7::timestamptz)
        on conflict (product_id) do update
        set sku = excluded.sku, name = excluded.name, category = excluded.category, unit = excluded.unit,
            version = excluded.version, archived_at = excluded.archived_at
        """)

    private static let putStore = Statement(
        "catalog.put_store",
        """
        insert into stores (store_id, name, version, archived_at)
        values ($1::bigint, $2::text, $3::bigint, $4::timestamptz)
        on conflict (store_id) do update
        set name = excluded.name, version = excluded.version, archived_at = excluded.archived_at
        """)
}

extension CatalogDecision.Written {
    /// The commit's change to the catalog's ledger.
    var invalidation: Invalidation {
        var products: [ProductID: Position] = [:]
        if case .product(let product) = item { products[product.id] = product.position }
        return Invalidation(storeID: .catalog, position: head.position, products: products)
    }
}
