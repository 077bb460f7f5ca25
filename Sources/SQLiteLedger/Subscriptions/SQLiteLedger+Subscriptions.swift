import GRDB
public import Inventory

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension SQLiteLedger: SubscriptionStoring {
    public func createSubscription(
        _ id: SubscriptionID, from start: SubscriptionStart
    ) async throws(LedgerError) {
        try await write { database in Written(value: (), isEmpty: try !id.create(from: start, in: database)) }
    }

    public func holdSubscription(
        _ id: SubscriptionID, as holder: String, for duration: Duration
    ) async throws(LedgerError) -> Bool {
        let isHeld: Bool? = try await write { database in
            let isHeld = try id.hold(as: holder, for: duration, in: database)
            let exists = try database.rows(Self.exists, id.text) { try $0.int64(0) }.first == 1
            return Written(value: exists ? isHeld : nil, isEmpty: !isHeld)
        }
        guard let isHeld else { throw .notFound }
        return isHeld
    }

    public func releaseSubscription(_ id: SubscriptionID, heldBy holder: String) async throws(LedgerError) {
        try await write { database in
            try database.run(Self.release, id.text, holder)
            return Written(value: (), isEmpty: database.changesCount == 0)
        }
    }

    public func cursors(of id: SubscriptionID) async throws(LedgerError) -> [SubscriptionCursor] {
        try await reader.lookUp { database in
            try database.rows(Self.cursors, id.text, decode: SubscriptionCursor.init)
        }
    }

    public func advanceSubscription(
        _ id: SubscriptionID, to cursors: [SubscriptionCursor], heldBy holder: String
    ) async throws(LedgerError) {
        let result: Result<Void, LedgerError> = try await write { database in
            guard try id.isHeld(by: holder, in: database) else {
                return Written(value: .failure(.refused(.preconditionFailed)), isEmpty: true)
            }
            let stored = try id.advance(to: cursors, in: database)
            return Written(
                value: stored == cursors.count ? .success(()) : .failure(.historyChanged), isEmpty: stored == 0)
        }
        try result.get()
    }

    private static let exists = "select exists (select 1 from subscriptions where subscription_id = ?)"

    private static let release = """
        update subscriptions set holder = null, held_until = null where subscription_id = ? and holder = ?
        """

    private static let cursors = "select store_id, position, hash from subscription_cursors where subscription_id = ?"
}

extension SubscriptionID {
    /// - Returns: Whether it is new.
    func create(from start: SubscriptionStart, in database: Database) throws -> Bool {
        try database.run(Self.create, text)
        let isNew = database.changesCount > 0
        if isNew, start == .end { try database.run(Self.startAtEnds, text) }
        return isNew
    }

    /// - Returns: Whether the holder has it.
    func hold(as holder: String, for duration: Duration, in database: Database) throws -> Bool {
        try database.run(
            Self.hold, text, holder, Timestamp.now.microseconds, Int64(duration / .microseconds(1)))
        return database.changesCount > 0
    }

    func isHeld(by holder: String, in database: Database) throws -> Bool {
        try database.rows(Self.isHeld, text, holder) { try $0.int64(0) }.first == 1
    }

    /// - Returns: How many of the cursors the ledgers have.
    func advance(to cursors: [SubscriptionCursor], in database: Database) throws -> Int {
        var stored = 0
        for cursor in cursors {
            try database.run(
                Self.advance, text, cursor.storeID.rawValue, cursor.position.rawValue, Data(cursor.hash.bytes))
            stored += database.changesCount
        }
        return stored
    }

    private static let create = "insert into subscriptions (subscription_id) values (?) on conflict do nothing"

    private static let startAtEnds = """
        insert into subscription_cursors (subscription_id, store_id, position, hash)
        select ?, store_id, position, audit_head from stores
        """

    /// A clock that was set back does not keep a subscription held: nobody holds one for an hour.
    private static let hold = """
        update subscriptions set holder = ?2, held_until = ?3 + ?4
        where subscription_id = ?1
            and (holder = ?2 or held_until is null or held_until not between ?3 and ?3 + 3600000000)
        """

    private static let isHeld = "select exists (select 1 from subscriptions where subscription_id = ? and holder = ?)"

    private static let advance = """
        insert into subscription_cursors (subscription_id, store_id, position, hash) select ?1, ?2, ?3, ?4
        where ?3 = 0 or exists (select 1 from audit_log where store_id = ?2 and position = ?3 and hash = ?4)
        on conflict (subscription_id, store_id) do update set position = excluded.position, hash = excluded.hash
        """
}
