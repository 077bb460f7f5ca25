import Access
import Inventory
import Postgres

extension WebhookRecord: StoredCredential {
    /// From `id, definition`.
    init(_ row: Row) throws { try self.init(id: row.text(0), definition: row.text(1)) }

    static let find = Statement("webhooks.find", "select id, definition from webhooks where id = $1::text")

    /// Deleted ones, too.
    static func all(_ session: Session) throws -> [WebhookRecord] {
        try session.execute(listAll).map(WebhookRecord.init)
    }

    func put(_ version: Position) -> Query {
        Query(
            Self.put, .text(id), .int64(version.rawValue), .timestamp(createdAt.microseconds),
            .timestamp(deletedAt?.microseconds), .text(definition))
    }

    private static let put = Statement(
        "webhooks.put",
        """
        with deleted as (select $1::text id where $4::timestamptz is not null),
        subscription as (delete from subscriptions using deleted where subscription_id = id),
        cursors as (delete from subscription_cursors using deleted where subscription_id = id),
        deliveries as (delete from webhook_deliveries using deleted where webhook_id = id)
        insert into webhooks (id, version, created_at, deleted_at, definition)
        values ($1::text, $2::bigint, $3::timestamptz, $4::timestamptz, $5::text)
        on conflict (id) do update
        set version = excluded.version, deleted_at = excluded.deleted_at, definition = excluded.definition
        returning id, definition
        """)

    static let list = Statement(
        "webhooks.list", "select id, definition from webhooks where deleted_at is null order by created_at, id")

    static let count = Statement("webhooks.count", "select count(*) from webhooks where deleted_at is null")

    private static let listAll = Statement(
        "webhooks.list_all", "select id, definition from webhooks order by created_at, id")
}

extension DeliveryState {
    /// Of all webhooks that are not deleted, with their ids.
    static let list = Statement(
        "webhook_deliveries.list",
        """
        select webhook_id, store_id, attempts, next_attempt_at, parked_at, last_failure, coalesce(replay_after, -1)
        from webhook_deliveries join webhooks on id = webhook_id
        where deleted_at is null and (attempts > 0 or replay_after is not null)
        """)

    /// What only the subscription's holder says. A replay that is wanted since is left.
    static func put(_ states: [DeliveryState], of id: String, heldBy holder: String) -> Query {
        Query(
            put, .text(id), .text(holder), .int64s(states.map(\.storeID.rawValue)),
            .int64s(states.map { Int64($0.attempts) }), .timestamps(states.map(\.nextAttemptAt?.microseconds)),
            .timestamps(states.map(\.parkedAt?.microseconds)), .texts(states.map(\.lastFailure)),
            .int64s(states.map(\.replayAfter?.rawValue)))
    }

    private static let put = Statement(
        "webhook_deliveries.put",
        """
        with held as (
            select subscription_id from subscriptions
            where subscription_id = $1::text and holder = $2::text for no key update
        ), written as (
            insert into webhook_deliveries as d
                (webhook_id, store_id, attempts, next_attempt_at, parked_at, last_failure, replay_after)
            select held.subscription_id, n.store_id, n.attempts, n.next_attempt_at, n.parked_at, n.last_failure, n.begun
            from held, unnest($3::bigint[], $4::bigint[], $5::timestamptz[], $6::timestamptz[], $7::text[], $8::bigint[])
                as n (store_id, attempts, next_attempt_at, parked_at, last_failure, begun)
            on conflict (webhook_id, store_id) do update
            set attempts = excluded.attempts, next_attempt_at = excluded.next_attempt_at,
                parked_at = excluded.parked_at, last_failure = excluded.last_failure,
                replay_after = nullif(d.replay_after, excluded.replay_after)
        )
        select exists (select from held)
        """)

    static let replay = Statement(
        "webhook_deliveries.replay",
        """
        insert into webhook_deliveries (webhook_id, store_id, replay_after)
        select id, $2::bigint, $3::bigint from webhooks where id = $1::text and deleted_at is null for share
        on conflict (webhook_id, store_id) do update set replay_after = excluded.replay_after
        """)
}
