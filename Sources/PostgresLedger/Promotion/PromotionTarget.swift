public import Inventory
public import Postgres

/// A database that takes in the ledgers of another place, with all that belongs to them.
///
/// It does so entry by entry, as they were recorded there, so that at any time it holds the beginning of each store's
/// ledger: who was interrupted finds out how far each came, and goes on. Until everything is there the shop is closed: its
/// stores are archived and its products missing, so nobody sells from half a ledger, and nobody reads from it what
/// was true long ago. `open` makes all of it visible at once.
public struct PromotionTarget: Sendable {
    let database: Pool

    public init(_ database: Pool) {
        self.database = database
    }

    /// What the database holds.
    public enum Contents: Sendable {
        /// Nothing, or what came of stores' ledgers so far.
        case closed([LedgerHead])
        /// A shop: another one, or the one that was moved here.
        case open
    }

    public func contents() async throws -> Contents {
        try await database.snapshot { session in
            if try session.execute(Self.isOpen).one().bool(0) { return .open }
            return .closed(try session.execute(Self.heads).map(LedgerHead.init))
        }
    }

    /// Tells the database from all others, by whatever name it is reached.
    public func identity() async throws -> String {
        try await database.run { session in try session.execute(Self.identityName).one().text(0) }
    }

    /// Makes the stores that are not there yet, closed.
    public func addStores(_ stores: [(id: StoreID, name: String)]) async throws {
        let (ids, names) = (stores.map(\.id.rawValue), stores.map(\.name))
        try await database.write { session in
            _ = try session.execute(Self.insertStores, .int64s(ids), .texts(names))
        }
    }

    /// Adds entries to a store's ledger, with the levels that follow from them, in one transaction.
    /// - Parameter head: The store's, as it has to be.
    /// - Throws: `PromotionConflict`, if it is not; `PostgresError`.
    public func append(_ page: AuditedPage, to head: LedgerHead) async throws {
        guard let last = page.entries.last else { return }
        var lastEntries: [ProductID: LedgerEntry] = [:]
        for entry in page.movements { lastEntries[entry.productID] = entry }
        let queries = [
            Query(
                Self.advance, .int64(head.storeID.rawValue), .int64(head.position.rawValue), .bytes(head.hash.bytes),
                .int64(last.position.rawValue), .bytes(last.hash.bytes), .timestamp(last.recordedAt.microseconds)),
            LedgerEntry.insert(page.movements),
            AuditEntry.insert(page.entries),
            LedgerEntry.upsertLevels(lastEntries.values),
        ]
        try await database.write { session in
            do {
                guard try session.pipeline(queries)[0].affectedCount == 1 else { throw PromotionConflict() }
            } catch let error as PostgresError where error.sqlState == SQLState.uniqueViolation {
                throw PromotionConflict()
            }
        }
    }

    /// Puts records of idempotency keys, over those of an earlier attempt.
    public func put(_ outcomes: [StoredOutcome]) async throws {
        let query = Query(
            Self.putOutcomes,
            .texts(outcomes.map(\.scope.principal)),
            .texts(outcomes.map(\.scope.key)),
            .byteArrays(outcomes.map(\.fingerprint)),
            .texts(outcomes.map(\.outcome)),
            .timestamps(outcomes.map { $0.expiresAt?.microseconds ?? .max }))
        try await database.write { session in _ = try session.pipeline([query]) }
    }

    /// As soon as the catalog says anything, or anybody may come in.
    private static let isOpen = Statement(
        "moving.is_open",
        """
        select exists (select from stores where position > 0 and store_id = 0 or store_id > 0 and archived_at is null)
            or exists (select from products) or exists (select from api_keys) or exists (select from users)
        """)

    private static let heads = Statement(
        "moving.heads",
        "select store_id, position, audit_head, recorded_at from stores where store_id > 0 order by store_id")

    private static let identityName = Statement(
        "moving.identity", "select (select system_identifier from pg_control_system()) || '/' || current_database()")

    private static let insertStores = Statement(
        "moving.insert_stores",
        """
        insert into stores (store_id, name, version, archived_at)
        select store_id, name, 0, now() from unnest($1::bigint[], $2::text[]) as n (store_id, name)
        on conflict do nothing
        """)

    private static let advance = Statement(
        "moving.invalidation",
        """
        update stores set position = $4::bigint, audit_head = $5::bytea, recorded_at = $6::timestamptz
        where store_id = $1::bigint and position = $2::bigint and audit_head = $3::bytea and archived_at is not null
        """)

    private static let putOutcomes = Statement(
        "moving.put_outcomes",
        """
        insert into idempotency (principal, key, fingerprint, outcome, expires_at)
        select * from unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::timestamptz[])
        on conflict (principal, key) do update
        set fingerprint = excluded.fingerprint, outcome = excluded.outcome, expires_at = excluded.expires_at
        """)
}

/// Somebody else writes to the database that a ledger is moved into.
public struct PromotionConflict: Error, CustomStringConvertible {
    public var description: String {
        "somebody else writes to the database, so it cannot hold the same history as the file: move it to another one"
    }
}
