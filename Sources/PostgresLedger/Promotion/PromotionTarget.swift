public import Inventory
public import Postgres

/// A database that ledgers are moved into, with all that belongs to them.
///
/// Entries are appended as they were recorded, so the database always holds a prefix of each store's ledger, and an
/// interrupted move can be resumed. Until everything is copied the shop is closed: its stores are archived and its
/// products missing, so that it can neither be sold from nor read. `open` makes everything visible at once.
public struct PromotionTarget: Sendable {
    let database: Pool

    public init(_ database: Pool) {
        self.database = database
    }

    /// What the database holds.
    public enum Contents: Sendable {
        /// Nothing, or prefixes of the stores' ledgers.
        case closed([LedgerHead])
        /// A shop: another one, or the moved one.
        case open
    }

    public func contents() async throws -> Contents {
        try await database.snapshot { session in
            if try session.execute(Self.isOpen).one().bool(0) { return .open }
            return .closed(try session.execute(Self.heads).map(LedgerHead.init))
        }
    }

    /// Identifies the database, whatever its address.
    public func identity() async throws -> String {
        try await database.run { session in try session.execute(Self.identityName).one().text(0) }
    }

    /// Creates the stores that do not exist yet, closed.
    public func addStores(_ stores: [(id: StoreID, name: String)]) async throws {
        let (ids, names) = (stores.map(\.id.rawValue), stores.map(\.name))
        try await database.write { session in
            _ = try session.execute(Self.insertStores, .int64s(ids), .texts(names))
        }
    }

    /// Adds entries to a store's ledger, with the levels that follow from them, in one transaction.
    /// - Parameter head: The expected head of the store.
    /// - Throws: `PromotionConflict` if the head differs; `PostgresError`.
    public func append(_ page: AuditedPage, to head: LedgerHead) async throws {
        guard let last = page.entries.last else { return }
        let queries = [
            Query(
                Self.advance, .int64(head.storeID.rawValue), .int64(head.position.rawValue), .bytes(head.hash.bytes),
                .int64(last.position.rawValue), .bytes(last.hash.bytes), .timestamp(last.recordedAt.microseconds)),
            LedgerEntry.insert(page.movements),
            AuditEntry.insert(page.entries),
        ]
        try await database.write { session in
            do {
                guard try session.pipeline(queries)[0].affectedCount == 1 else { throw PromotionConflict() }
            } catch let error as PostgresError where error.sqlState == SQLState.uniqueViolation {
                throw PromotionConflict()
            }
        }
    }

    /// Upserts idempotency records; an earlier attempt may have written some.
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

    /// Whether there is any trace of a shop in use.
    private static let isOpen = Statement(
        "promotion.is_open",
        """
        select exists (select from stores where position > 0 and store_id = 0 or store_id > 0 and archived_at is null)
            or exists (select from products) or exists (select from api_keys) or exists (select from users)
        """)

    private static let heads = Statement(
        "promotion.heads",
        "select store_id, position, audit_head, recorded_at from stores where store_id > 0 order by store_id")

    private static let identityName = Statement(
        "promotion.identity", "select (select system_identifier from pg_control_system()) || '/' || current_database()")

    private static let insertStores = Statement(
        "promotion.insert_stores",
        """
        insert into stores (store_id, name, version, archived_at)
        select store_id, name, 0, now() from unnest($1::bigint[], $2::text[]) as n (store_id, name)
        on conflict do nothing
        """)

    private static let advance = Statement(
        "promotion.advance",
        """
        update stores set position = $4::bigint, audit_head = $5::bytea, recorded_at = $6::timestamptz
        where store_id = $1::bigint and position = $2::bigint and audit_head = $3::bytea and archived_at is not null
        """)

    private static let putOutcomes = Statement(
        "promotion.put_outcomes",
        """
        insert into idempotency (principal, key, fingerprint, outcome, expires_at)
        select * from unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::timestamptz[])
        on conflict (principal, key) do update
        set fingerprint = excluded.fingerprint, outcome = excluded.outcome, expires_at = excluded.expires_at
        """)
}

/// Another process writes to the database that a ledger is moved into.
public struct PromotionConflict: Error, CustomStringConvertible {
    public var description: String {
        "somebody else writes to the database, so it cannot hold the same history as the file: move it to another one"
    }
}
