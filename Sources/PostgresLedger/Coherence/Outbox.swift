import Inventory
import JSON
import Postgres
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The outbox tells of commits until the cache that counts knows of them: one row for each commit, named by the entry that
/// proves it. Rows whose commit is known are deleted along with a later commit, which costs no transaction of its own.
final class Outbox: Sendable {
    /// A row, and whom it was owed to: in another history another commit may have its name.
    struct Key: Hashable, Sendable {
        let commit: EntryKey
        let namespace: String
    }

    /// The rows that may be deleted.
    private let invalidated = Mutex<[Key]>([])

    private static let maximumDeleted = 1_000

    func markInvalidated(_ rows: [Key]) {
        invalidated.withLock { $0.append(contentsOf: rows) }
    }

    /// Rows for the next commit to delete; hand them back if it fails.
    func takeInvalidated() -> [Key] {
        invalidated.withLock { invalidated in
            let taken = invalidated.suffix(Self.maximumDeleted)
            invalidated.removeLast(taken.count)
            return Array(taken)
        }
    }

    /// - Parameters:
    ///   - invalidations: What the commit does to each ledger.
    ///   - state: Which cache counts; with none, there is nobody to tell.
    static func insert(_ commit: CommitProof, _ invalidations: [Invalidation], _ state: CacheState) -> [Query] {
        guard let namespace = state.namespace else { return [] }
        return [
            Query(
                insert, .int64(commit.storeID.rawValue), .int64(commit.position.rawValue), .text(invalidations.json),
                .text(namespace))
        ]
    }

    static func delete(_ rows: [Key]) -> [Query] {
        delete(rows.map(\.commit), rows.map(\.namespace))
    }

    /// What another one is deleting is left to them.
    /// - Parameter namespaces: `nil` for rows of programs that did not say.
    static func delete(_ commits: [EntryKey], _ namespaces: [String?]) -> [Query] {
        guard !commits.isEmpty else { return [] }
        return [
            Query(
                delete, .int64s(commits.map(\.storeID.rawValue)), .int64s(commits.map(\.position.rawValue)),
                .texts(namespaces))
        ]
    }

    /// All rows that are owed to a namespace.
    /// - Returns: `nil` if there are too many, or such that do not say whom they are owed to.
    static func rows(owedTo namespace: String, _ session: Session) throws(PostgresError) -> Set<Key>? {
        let found = try session.execute(owed, .text(namespace), .int64(Int64(maximumDeleted) + 1))
        guard found.count <= maximumDeleted else { return nil }
        var rows: Set<Key> = []
        for row in found {
            guard let owner = try row.optionalText(2) else { return nil }
            rows.insert(Key(commit: try EntryKey(row), namespace: owner))
        }
        return rows
    }

    private static let owed = Statement(
        "outbox.owed",
        """
        select store_id, position, namespace from outbox
        where namespace is null or namespace = $1::text limit $2::bigint
        """)

    /// Those of these that are still there.
    static func left(of rows: Set<Key>, _ session: Session) throws(PostgresError) -> Set<Key> {
        let found = try session.execute(
            left, .int64s(rows.map(\.commit.storeID.rawValue)), .int64s(rows.map(\.commit.position.rawValue)),
            .texts(rows.map(\.namespace)))
        var left: Set<Key> = []
        for row in found {
            left.insert(Key(commit: try EntryKey(row), namespace: try row.text(2)))
        }
        return left
    }

    private static let left = Statement(
        "outbox.left",
        """
        select o.store_id, o.position, o.namespace
        from unnest($1::bigint[], $2::bigint[], $3::text[]) as n (store_id, position, namespace)
        join outbox o using (store_id, position, namespace)
        """)

    private static let insert = Statement(
        "outbox.insert",
        """
        insert into outbox (store_id, position, changes, namespace)
        values ($1::bigint, $2::bigint, $3::text, $4::text)
        """)

    private static let delete = Statement(
        "outbox.delete",
        """
        delete from outbox where (store_id, position) in (
            select o.store_id, o.position
            from unnest($1::bigint[], $2::bigint[], $3::text[]) as n (store_id, position, namespace)
            join outbox o using (store_id, position)
            where o.namespace is not distinct from n.namespace
            for update of o skip locked)
        """)
}

extension OutboxEntry {
    /// From `store_id, position, namespace, changes`.
    init(_ row: Row) throws {
        let changes = try JSONDecoder().decode([Change].self, from: Data(row.text(3).utf8))
        self.init(
            entry: try EntryKey(row), namespace: try row.optionalText(2), invalidations: changes.map(\.invalidation))
    }
}

extension EntryKey {
    /// From `store_id, position`.
    fileprivate init(_ row: Row) throws(PostgresError) {
        self.init(
            storeID: StoreID(rawValue: try row.int64(0)), position: Position(rawValue: try row.int64(1)))
    }
}

extension [Invalidation] {
    /// `[[store_id, position, [[product_id, position], …]], …]`
    fileprivate var json: String {
        var json = JSONWriter<[UInt8]>(output: [])
        json.openArray()
        for invalidation in self {
            json.openArray()
            json.value(invalidation.storeID.rawValue)
            json.value(invalidation.position.rawValue)
            json.openArray()
            for (product, position) in invalidation.products {
                json.openArray()
                json.value(product.rawValue)
                json.value(position.rawValue)
                json.closeArray()
            }
            json.closeArray()
            json.closeArray()
        }
        json.closeArray()
        return String(decoding: json.output, as: UTF8.self)
    }
}

/// An element of that.
private struct Change: Decodable {
    let invalidation: Invalidation

    init(from decoder: any Decoder) throws {
        var fields = try decoder.unkeyedContainer()
        let storeID = try fields.decode(StoreID.self)
        let position = try fields.decode(Position.self)
        let products = try fields.decode([[Int64]].self)
        invalidation = Invalidation(
            storeID: storeID, position: position,
            products: Dictionary(
                products.filter { $0.count == 2 }
                    .map { (ProductID(rawValue: $0[0]), Position(rawValue: $0[1])) },
                uniquingKeysWith: max))
    }
}
