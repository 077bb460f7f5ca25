import Access
import GRDB
import Inventory

extension WebhookRecord: StoredCredential {
    static func find(_ id: String, in database: Database) throws -> WebhookRecord? {
        try database.rows(find, id, decode: WebhookRecord.init).first
    }

    /// Deleted ones, too.
    static func all(in database: Database) throws -> [WebhookRecord] {
        try database.rows(listAll, decode: WebhookRecord.init)
    }

    static func list(in database: Database) throws -> [WebhookRecord] {
        try database.rows(list, decode: WebhookRecord.init)
    }

    func put(_ version: Position, in database: Database) throws -> WebhookRecord {
        if deletedAt != nil {
            for table in Self.ownTables { try database.run("delete from \(table.name) where \(table.key) = ?", id) }
        }
        return try database.rows(
            Self.put, id, version.rawValue, createdAt.microseconds, deletedAt?.microseconds, definition,
            decode: WebhookRecord.init
        ).found()
    }

    /// From `id, definition`.
    fileprivate init(_ row: Row) throws { try self.init(id: row.text(0), definition: row.text(1)) }

    /// What a webhook has besides its row.
    private static let ownTables = [
        (name: "subscriptions", key: "subscription_id"), (name: "subscription_cursors", key: "subscription_id"),
        (name: "webhook_deliveries", key: "webhook_id"),
    ]

    private static let find = "select id, definition from webhooks where id = ?"

    private static let list = "select id, definition from webhooks where deleted_at is null order by created_at, id"

    private static let listAll = "select id, definition from webhooks order by created_at, id"

    private static let put = """
        insert into webhooks (id, version, created_at, deleted_at, definition) values (?, ?, ?, ?, ?)
        on conflict (id) do update
        set version = excluded.version, deleted_at = excluded.deleted_at, definition = excluded.definition
        returning id, definition
        """
}

extension DeliveryState {
    /// Of all webhooks that are not deleted, with their ids.
    static func list(in database: Database) throws -> [(String, DeliveryState)] {
        try database.rows(list) { row in (try row.text(0), try DeliveryState(row, from: 1)) }
    }

    /// A replay that is wanted since is left.
    func put(of id: String, in database: Database) throws {
        try database.run(
            Self.put, id, storeID.rawValue, attempts, nextAttemptAt?.microseconds, parkedAt?.microseconds, lastFailure,
            replayAfter?.rawValue)
    }

    static func replay(_ storeID: StoreID, after position: Position, to id: String, in database: Database) throws {
        try database.run(replay, id, storeID.rawValue, position.rawValue)
    }

    private static let list = """
        select webhook_id, store_id, attempts, next_attempt_at, parked_at, last_failure, coalesce(replay_after, -1)
        from webhook_deliveries join webhooks on id = webhook_id
        where deleted_at is null and (attempts > 0 or replay_after is not null)
        """

    private static let put = """
        insert into webhook_deliveries
            (webhook_id, store_id, attempts, next_attempt_at, parked_at, last_failure, replay_after)
        values (?, ?, ?, ?, ?, ?, ?)
        on conflict (webhook_id, store_id) do update
        set attempts = excluded.attempts, next_attempt_at = excluded.next_attempt_at, parked_at = excluded.parked_at,
            last_failure = excluded.last_failure, replay_after = nullif(replay_after, excluded.replay_after)
        """

    private static let replay = """
        insert into webhook_deliveries (webhook_id, store_id, replay_after)
        select id, ?2, ?3 from webhooks where id = ?1 and deleted_at is null
        on conflict (webhook_id, store_id) do update set replay_after = excluded.replay_after
        """
}
