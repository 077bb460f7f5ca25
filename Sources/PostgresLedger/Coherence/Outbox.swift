import Inventory
import JSON
import Postgres
import Synchronization

/// Pending invalidations: one row for each commit, until the current cache is invalidated for it; its key is the
/// commit's last audit entry. Rows that are done are deleted as part of a later commit, which saves a transaction.
final class Outbox: Sendable {
    /// The key of a row, and its namespaces: in another history, another commit may have the same key.
    struct Key: Hashable, Sendable {
        let commit: EntryKey
        /// As ``CacheNamespaces/recorded(for:)``.
        let namespaces: String
    }

    /// The rows that may be deleted.
    private let invalidated = Mutex<[Key]>([])

    private static let maximumDeleted = 1_000

    func markInvalidated(_ rows: [Key]) {
        invalidated.withLock { $0.append(contentsOf: rows) }
    }

    /// Rows for the next commit to delete. If it fails, pass them to `markInvalidated` again.
    func takeInvalidated() -> [Key] {
        invalidated.withLock { invalidated in
            let taken = invalidated.suffix(Self.maximumDeleted)
            invalidated.removeLast(taken.count)
            return Array(taken)
        }
    }

    /// - Parameters:
    ///   - invalidations: The commit's changes to each ledger.
    ///   - state: The current cache; while it is off, no row is needed.
    static func insert(_ commit: CommitProof, _ invalidations: [Invalidation], _ state: CacheState) -> [Query] {
        guard let namespaces = state.namespaces?.recorded(for: invalidations) else { return [] }
        return [
            Query(
                insert, .int64(commit.storeID.rawValue), .int64(commit.position.rawValue), .text(invalidations.json),
                .text(namespaces))
        ]
    }

    static func delete(_ rows: [Key]) -> [Query] {
        delete(rows.map(\.commit), rows.map(\.namespaces))
    }

    /// Skips rows that another transaction is deleting.
    /// - Parameter namespaces: Of each row; `nil` for rows of earlier versions.
    static func delete(_ commits: [EntryKey], _ namespaces: [String?]) -> [Query] {
        guard !commits.isEmpty else { return [] }
        return [
            Query(
                delete, .int64s(commits.map(\.storeID.rawValue)), .int64s(commits.map(\.position.rawValue)),
                .texts(namespaces))
        ]
    }

    /// All rows that are pending for any of some namespaces.
    /// - Returns: `nil` if there are too many, or some of earlier versions, without a namespace.
    static func rows(owedTo namespaces: [String], _ session: Session) throws(PostgresError) -> Set<Key>? {
        let found = try session.execute(owed, .texts(namespaces), .int64(Int64(maximumDeleted) + 1))
        guard found.count <= maximumDeleted else { return nil }
        var rows: Set<Key> = []
        for row in found {
            guard let owner = try row.optionalText(2) else { return nil }
            rows.insert(Key(commit: try EntryKey(row), namespaces: owner))
        }
        return rows
    }

    private static let owed = Statement(
        "outbox.owed",
        """
        select store_id, position, namespace from outbox
        where namespace is null or string_to_array(namespace, ',') && $1::text[] limit $2::bigint
        """)

    /// The subset of the rows that still exists.
    static func left(of rows: Set<Key>, _ session: Session) throws(PostgresError) -> Set<Key> {
        let found = try session.execute(
            left, .int64s(rows.map(\.commit.storeID.rawValue)), .int64s(rows.map(\.commit.position.rawValue)),
            .texts(rows.map(\.namespaces)))
        var left: Set<Key> = []
        for row in found {
            left.insert(Key(commit: try EntryKey(row), namespaces: try row.text(2)))
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
    /// From the columns `store_id, position, namespace, changes`.
    init(_ row: Row) throws(PostgresError) {
        guard case .array(let changes)? = try? JSONParser.parse(Array(row.text(3).utf8)),
            case let invalidations = changes.compactMap(Invalidation.init), invalidations.count == changes.count
        else { throw PostgresError(.unreadable, "a row of the outbox has no array of changes") }
        self.init(entry: try EntryKey(row), namespaces: try row.optionalText(2), invalidations: invalidations)
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
        String(json: { json in
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
        })
    }
}

extension Invalidation {
    /// From an element of that array.
    fileprivate init?(_ change: JSONValue) {
        guard case .array(let fields) = change, fields.count == 3, case .integer(let storeID) = fields[0],
            case .integer(let position) = fields[1], case .array(let products) = fields[2]
        else { return nil }
        var changed: [ProductID: Position] = [:]
        for product in products {
            guard case .array(let pair) = product, pair.count == 2, case .integer(let id) = pair[0],
                case .integer(let position) = pair[1]
            else { return nil }
            changed[ProductID(rawValue: id)] = Position(rawValue: position)
        }
        self.init(storeID: StoreID(rawValue: storeID), position: Position(rawValue: position), products: changed)
    }
}
