import Inventory
import Postgres
import Synchronization

/// The outbox tells of commits until everyone who keeps copies has heard of them. Rows whose commit is known are
/// deleted along with a later commit, which costs no transaction of its own.
final class Outbox: Sendable {
    /// The rows that may be deleted.
    private let delivered = Mutex<[EntryKey]>([])

    /// The most rows that one commit deletes.
    private static let deletedAtOnce = 1_000

    func markDelivered(_ rows: some Sequence<EntryKey>) {
        delivered.withLock { $0.append(contentsOf: rows) }
    }

    /// Rows for the next commit to delete; hand them back if it fails.
    func takeDelivered() -> [EntryKey] {
        delivered.withLock { delivered in
            let taken = delivered.suffix(Self.deletedAtOnce)
            delivered.removeLast(taken.count)
            return Array(taken)
        }
    }

    /// One row for each ledger that a commit advances: the position it reaches and the products that changed.
    static func insert(_ heads: some Collection<LedgerHead>, products: [StoreID: Set<ProductID>]) -> Query {
        Query(
            insert,
            .int64s(heads.map(\.storeID.rawValue)),
            .int64s(heads.map(\.position.rawValue)),
            .texts(heads.map { "{\(products[$0.storeID, default: []].map(\.description).joined(separator: ","))}" }))
    }

    static func delete(_ rows: [EntryKey]) -> [Query] {
        guard !rows.isEmpty else { return [] }
        return [
            Query(delete, .int64s(rows.map(\.storeID.rawValue)), .int64s(rows.map(\.position.rawValue)))
        ]
    }

    private static let insert = Statement(
        "outbox.insert",
        """
        insert into outbox (store_id, position, products)
        select store_id, position, products::bigint[]
        from unnest($1::bigint[], $2::bigint[], $3::text[]) as n (store_id, position, products)
        """)

    private static let delete = Statement(
        "outbox.delete",
        """
        delete from outbox o using unnest($1::bigint[], $2::bigint[]) as n (store_id, position)
        where o.store_id = n.store_id and o.position = n.position
        """)
}

extension LedgerHead {
    var outboxRow: EntryKey { EntryKey(storeID: storeID, position: position) }
}
