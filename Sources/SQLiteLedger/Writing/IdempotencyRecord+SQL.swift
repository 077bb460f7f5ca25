import Foundation
import GRDB
import Inventory

extension IdempotencyRecord {
    /// The record of a key. An expired one is valid until it is deleted: a key is kept for at least that long.
    static func find(_ scope: IdempotencyKey.Scope, in database: Database) throws -> IdempotencyRecord? {
        try database.rows(find, scope.principal, scope.key) { row in
            try IdempotencyRecord(
                IdempotencyKey(principal: scope.principal, key: scope.key, fingerprint: row.bytes(0)),
                Outcome(json: row.value(1)))
        }.first
    }

    func insert(into database: Database) throws {
        try database.run(
            Self.insert, key.principal, key.key, Data(key.fingerprint), outcome.json(),
            key.isPermanent ? nil : Timestamp.now.microseconds + Self.lifetime)
    }

    /// Deletes records that are past their time, a bounded number at once.
    /// - Returns: How many were deleted.
    static func deleteExpired(atMost limit: Int, from database: Database) throws -> Int {
        try database.run(deleteExpired, Timestamp.now.microseconds, limit)
        return database.changesCount
    }

    /// A day and an hour: at least 24 h, even if clocks or the deletion are a little off.
    private static let lifetime: Int64 = 25 * 3_600_000_000

    private static let find = "select fingerprint, outcome from idempotency where principal = ? and key = ?"

    private static let insert = """
        insert into idempotency (principal, key, fingerprint, outcome, expires_at) values (?, ?, ?, ?, ?)
        """

    private static let deleteExpired = """
        delete from idempotency where (principal, key) in (
            select principal, key from idempotency where expires_at <= ? order by expires_at limit ?)
        """
}
