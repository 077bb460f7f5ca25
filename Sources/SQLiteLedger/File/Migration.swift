import GRDB

/// One numbered step of the schema, from `Migrations/vN_name.sql`. The file's version is its `user_version`.
struct Migration {
    let version: Int
    let sql: String
    /// What SQL cannot do, after it.
    var finish: (@Sendable (Database) throws -> Void)?

    /// In order; the versions are 1, 2, 3, ….
    private static let all: [Migration] = [
        Migration(version: 1, sql: String(decoding: PackageResources.v1_ledgers_sql, as: UTF8.self)),
        Migration(version: 2, sql: String(decoding: PackageResources.v2_moved_sql, as: UTF8.self)),
        Migration(version: 3, sql: String(decoding: PackageResources.v3_imports_sql, as: UTF8.self)),
        Migration(
            version: 4, sql: String(decoding: PackageResources.v4_credential_log_sql, as: UTF8.self),
            finish: CredentialLog.recordExisting),
        Migration(version: 5, sql: String(decoding: PackageResources.v5_audit_by_actor_sql, as: UTF8.self)),
        Migration(version: 6, sql: String(decoding: PackageResources.v6_subscriptions_sql, as: UTF8.self)),
        Migration(version: 7, sql: String(decoding: PackageResources.v7_webhooks_sql, as: UTF8.self)),
        Migration(version: 8, sql: String(decoding: PackageResources.v8_deleted_webhooks_sql, as: UTF8.self)),
        Migration(version: 9, sql: String(decoding: PackageResources.v9_reconciliations_sql, as: UTF8.self)),
    ]

    static let newest = all.count

    static func version(of database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "pragma user_version") ?? 0
    }

    /// Applies the missing migrations in one transaction, one process at a time.
    /// - Throws: `LedgerFileError.newer`, if a newer program migrated it first.
    static func apply(to database: Database, at path: String) throws {
        try database.inTransaction(.immediate) {
            let found = try version(of: database)
            guard found <= newest else { throw LedgerFileError.newer(path: path, found: found, known: newest) }
            guard found < newest else { return .rollback }
            for migration in all where migration.version > found {
                try database.execute(sql: migration.sql)
                try migration.finish?(database)
            }
            // Both pragmas are part of the transaction.
            try database.execute(
                sql: "pragma application_id = \(LedgerFile.applicationID); pragma user_version = \(newest)")
            return .commit
        }
    }
}
