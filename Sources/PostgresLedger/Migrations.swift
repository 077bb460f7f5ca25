import Postgres

/// One numbered step of the schema, from `Migrations/vN_name.sql`.
struct Migration: Sendable {
    let version: Int64
    let sql: String
    /// Whether the previous version of the program works with it too: rolling upgrades and rollbacks are possible.
    var isExpansion = false
    /// What SQL cannot do, after it in the same transaction.
    var finish: (@Sendable (Session) throws -> Void)?

    /// In order; the versions are 1, 2, 3, ….
    static let all: [Migration] = [
        Migration(version: 1, sql: String(decoding: PackageResources.v1_ledgers_sql, as: UTF8.self)),
        Migration(version: 2, sql: String(decoding: PackageResources.v2_access_sql, as: UTF8.self)),
        Migration(version: 3, sql: String(decoding: PackageResources.v3_product_names_sql, as: UTF8.self)),
        Migration(
            version: 4, sql: String(decoding: PackageResources.v4_histories_sql, as: UTF8.self), isExpansion: true),
        Migration(
            version: 5, sql: String(decoding: PackageResources.v5_imports_sql, as: UTF8.self), isExpansion: true),
        Migration(
            version: 6, sql: String(decoding: PackageResources.v6_cache_secret_sql, as: UTF8.self), isExpansion: true),
        Migration(
            version: 7, sql: String(decoding: PackageResources.v7_credential_log_sql, as: UTF8.self), isExpansion: true,
            finish: CredentialLog.recordExisting),
        Migration(
            version: 8, sql: String(decoding: PackageResources.v8_serving_role_sql, as: UTF8.self), isExpansion: true),
        Migration(
            version: 9, sql: String(decoding: PackageResources.v9_audit_by_actor_sql, as: UTF8.self), isExpansion: true),
        Migration(
            version: 10, sql: String(decoding: PackageResources.v10_subscriptions_sql, as: UTF8.self), isExpansion: true
        ),
        Migration(
            version: 11, sql: String(decoding: PackageResources.v11_webhooks_sql, as: UTF8.self), isExpansion: true),
        Migration(
            version: 12, sql: String(decoding: PackageResources.v12_deleted_webhooks_sql, as: UTF8.self),
            isExpansion: true),
        Migration(
            version: 13, sql: String(decoding: PackageResources.v13_reconciliations_sql, as: UTF8.self),
            isExpansion: true),
    ]

    /// Each ends at the end of a line with a semicolon, outside of the lines with `$$` that enclose a function's body.
    var statements: [String] {
        var statements: [String] = []
        var lines: [Substring] = []
        var isBody = false
        for line in sql.split(separator: "\n") {
            lines.append(line)
            if line.contains("$$") { isBody.toggle() }
            guard !isBody, line.hasSuffix(";") else { continue }
            statements.append(lines.joined(separator: "\n"))
            lines = []
        }
        precondition(lines.isEmpty, "a migration ends with a semicolon")
        return statements
    }
}
