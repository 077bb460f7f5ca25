public import Inventory
import Postgres

extension PostgresLedger: SubscriptionStoring {
    public func createSubscription(
        _ id: SubscriptionID, from start: SubscriptionStart
    ) async throws(LedgerError) {
        try await write { session in _ = try session.pipeline([id.create(from: start), Query(.commit)]) }
    }

    public func holdSubscription(
        _ id: SubscriptionID, as holder: String, for duration: Duration
    ) async throws(LedgerError) -> Bool {
        let queries = [id.hold(as: holder, for: duration), Query(.exists, .text(id.text)), Query(.commit)]
        return try await write { session in
            let results = try session.pipeline(queries)
            guard try results[1].one().bool(0) else { throw LedgerError.notFound }
            return results[0].first != nil
        }
    }

    public func releaseSubscription(_ id: SubscriptionID, heldBy holder: String) async throws(LedgerError) {
        let query = Query(.release, .text(id.text), .text(holder))
        try await write { session in _ = try session.pipeline([query, Query(.commit)]) }
    }

    public func cursors(of id: SubscriptionID) async throws(LedgerError) -> [SubscriptionCursor] {
        try await items(Query(.cursors, .text(id.text)), from: primary, SubscriptionCursor.init)
    }

    public func advanceSubscription(
        _ id: SubscriptionID, to cursors: [SubscriptionCursor], heldBy holder: String
    ) async throws(LedgerError) {
        let queries = [Query(.notWaitingForTheDisk), id.advance(to: cursors, heldBy: holder), Query(.commit)]
        try await write { session in
            let row = try session.pipeline(queries)[1].one()
            guard try row.bool(0) else { throw LedgerError.refused(.preconditionFailed) }
            guard try row.int64(1) == cursors.count else { throw LedgerError.historyChanged }
        }
    }
}

extension SubscriptionID {
    func create(from start: SubscriptionStart) -> Query { Query(.create, .text(text), .bool(start == .end)) }

    /// Returns a row if the holder has it.
    func hold(as holder: String, for duration: Duration) -> Query {
        Query(.hold, .text(text), .text(holder), .int64(Int64(duration / .milliseconds(1))))
    }

    /// Returns whether the holder has it, and how many of the cursors the ledgers have.
    func advance(to cursors: [SubscriptionCursor], heldBy holder: String) -> Query {
        Query(
            .advance, .text(text), .text(holder), .int64s(cursors.map(\.storeID.rawValue)),
            .int64s(cursors.map(\.position.rawValue)), .byteArrays(cursors.map(\.hash.bytes)))
    }
}

extension Statement {
    fileprivate static let create = Statement(
        "subscriptions.create",
        """
        with created as (
            insert into subscriptions (subscription_id) values ($1::text) on conflict do nothing returning subscription_id
        )
        insert into subscription_cursors (subscription_id, store_id, position, hash)
        select subscription_id, store_id, position, audit_head from created, stores where $2::boolean
        """)

    /// A clock that was set back does not keep a subscription held: nobody holds one for so long.
    fileprivate static let hold = Statement(
        "subscriptions.hold",
        """
        update subscriptions set holder = $2::text, held_until = clock_timestamp() + $3::bigint * interval '1 ms'
        where subscription_id = $1::text and (
            holder = $2::text or held_until is null
            or held_until not between clock_timestamp() and clock_timestamp() + interval '1 hour')
        returning true
        """)

    fileprivate static let exists = Statement(
        "subscriptions.exists", "select exists (select from subscriptions where subscription_id = $1::text)")

    fileprivate static let release = Statement(
        "subscriptions.release",
        """
        update subscriptions set holder = null, held_until = null
        where subscription_id = $1::text and holder = $2::text
        """)

    fileprivate static let cursors = Statement(
        "subscriptions.cursors",
        "select store_id, position, hash from subscription_cursors where subscription_id = $1::text")

    static let notWaitingForTheDisk = Statement(
        "subscriptions.not_waiting", "select set_config('synchronous_commit', 'off', true)")

    /// Nobody takes the subscription before the commit. A failover may have lost entries since they were delivered: then the
    /// cursors that this database has are right.
    fileprivate static let advance = Statement(
        "subscriptions.advance",
        """
        with held as (
            select subscription_id from subscriptions
            where subscription_id = $1::text and holder = $2::text for no key update
        ), present as (
            select c.* from unnest($3::bigint[], $4::bigint[], $5::bytea[]) as c (store_id, position, hash)
            left join audit_log a using (store_id, position)
            where c.position = 0 or a.hash = c.hash
        ), advanced as (
            insert into subscription_cursors (subscription_id, store_id, position, hash)
            select held.subscription_id, p.store_id, p.position, p.hash from held, present p
            on conflict (subscription_id, store_id) do update set position = excluded.position, hash = excluded.hash
        )
        select exists (select from held), (select count(*) from present)
        """)
}
