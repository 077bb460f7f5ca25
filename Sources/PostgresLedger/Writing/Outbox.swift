import Inventory
import Postgres
import Synchronization

/// The outbox tells of commits until everyone who keeps copies has heard of them: one row for each commit, named by the
/// entry that proves it. Rows whose commit is known are deleted along with a later commit, which costs no transaction of
/// its own.
final class Outbox: Sendable {
    /// The rows that may be deleted.
    private let delivered = Mutex<[EntryKey]>([])

    /// The most rows that one commit deletes.
    private static let deletedAtOnce = 1_000

    func markDelivered(_ commits: some Sequence<EntryKey>) {
        delivered.withLock { $0.append(contentsOf: commits) }
    }

    /// Rows for the next commit to delete; hand them back if it fails.
    func takeDelivered() -> [EntryKey] {
        delivered.withLock { delivered in
            let taken = delivered.suffix(Self.deletedAtOnce)
            delivered.removeLast(taken.count)
            return Array(taken)
        }
    }

    /// - Parameter advances: What the commit does to each ledger.
    static func insert(_ commit: CommitProof, _ advances: [Advance]) -> Query {
        var json = JSONWriter<[UInt8]>(output: [])
        json.openArray()
        for advance in advances {
            json.openArray()
            json.value(advance.storeID.rawValue)
            json.value(advance.position.rawValue)
            json.openArray()
            for (product, position) in advance.products {
                json.openArray()
                json.value(product.rawValue)
                json.value(position.rawValue)
                json.closeArray()
            }
            json.closeArray()
            json.closeArray()
        }
        json.closeArray()
        return Query(
            insert, .int64(commit.storeID.rawValue), .int64(commit.position.rawValue),
            .text(String(decoding: json.output, as: UTF8.self)))
    }

    static func delete(_ commits: [EntryKey]) -> [Query] {
        guard !commits.isEmpty else { return [] }
        return [
            Query(delete, .int64s(commits.map(\.storeID.rawValue)), .int64s(commits.map(\.position.rawValue)))
        ]
    }

    private static let insert = Statement(
        "outbox.insert",
        "insert into outbox (store_id, position, changes) values ($1::bigint, $2::bigint, $3::text)")

    private static let delete = Statement(
        "outbox.delete",
        """
        delete from outbox o using unnest($1::bigint[], $2::bigint[]) as n (store_id, position)
        where o.store_id = n.store_id and o.position = n.position
        """)
}
