public import Postgres

/// One numbered step of the schema, from `Migrations/vN_name.sql`.
struct Migration: Sendable {
    let version: Int64
    let sql: String

    /// In order; the versions are 1, 2, 3, ….
    static let all: [Migration] = [
        Migration(version: 1, sql: String(decoding: PackageResources.v1_ledgers_sql, as: UTF8.self)),
        Migration(version: 2, sql: String(decoding: PackageResources.v2_access_sql, as: UTF8.self)),
        Migration(version: 3, sql: String(decoding: PackageResources.v3_product_names_sql, as: UTF8.self)),
        Migration(version: 4, sql: String(decoding: PackageResources.v4_imports_sql, as: UTF8.self)),
    ]
}

/// Why a schema cannot be used as it is.
public enum SchemaError: Error, CustomStringConvertible {
    case older(found: Int64, needed: Int64)
    case newer(found: Int64, known: Int64)
    /// It takes writes itself: reads from it would never see what is recorded on the primary.
    case notAReplica
    /// Commits would be acknowledged before they are durable.
    case commitsAreNotDurable(setting: String)

    public var description: String {
        switch self {
        case .older(let found, let needed):
            """
            the database's schema is at version \(found), and this program needs \(needed): \
            run `khata migrate`, or start with --migrate
            """
        case .newer(let found, let known):
            """
            the database's schema is at version \(found), and this program knows only up to \(known): \
            use the newer program that migrated it
            """
        case .notAReplica:
            "this server is not a standby: name a streaming replica of the primary, or none"
        case .commitsAreNotDurable(let setting):
            """
            synchronous_commit is \(setting) for this database or user, so acknowledged movements could be lost: \
            set it to on (or remote_write, remote_apply)
            """
        }
    }
}

/// Brings a database's schema up to this program's version, or says why it does not fit.
public struct Schema: Sendable {
    public static let version = Int64(Migration.all.count)

    private let database: Pool

    public init(_ database: Pool) {
        self.database = database
    }

    /// Applies the missing migrations, each in a transaction of its own, one process at a time.
    /// - Returns: The versions that were applied.
    /// - Throws: `SchemaError.newer`, `PostgresError`.
    public func migrate() async throws -> [Int64] {
        try await database.run { session in
            try session.script("select pg_advisory_lock(\(Self.lock))")
            defer { try? session.script("select pg_advisory_unlock(\(Self.lock))") }
            try session.script(Self.createVersions)
            let found = try Self.found(session)
            guard found <= Self.version else { throw SchemaError.newer(found: found, known: Self.version) }
            let missing = Migration.all.filter { $0.version > found }
            for migration in missing {
                try session.script(
                    "begin; \(migration.sql); insert into schema_versions values (\(migration.version)); commit")
            }
            return missing.map(\.version)
        }
    }

    /// Gives a database that has no schema this program's; any other has to have it already.
    /// - Throws: `SchemaError`, `PostgresError`.
    public func makeIfMissing() async throws {
        if try await !exists() { _ = try await migrate() }
        try await check()
    }

    /// Whether the database has any version of it.
    public func exists() async throws -> Bool {
        try await database.run { session in try session.execute(Self.versionsExist)[0].bool(0) }
    }

    /// Checks that the schema is of this program's version and that commits are durable.
    /// - Throws: `SchemaError`, `PostgresError`.
    public func check() async throws {
        try await database.run { session in
            let found = try session.execute(Self.versionsExist)[0].bool(0) ? Self.found(session) : 0
            guard found >= Self.version else { throw SchemaError.older(found: found, needed: Self.version) }
            guard found <= Self.version else { throw SchemaError.newer(found: found, known: Self.version) }
            let durability = try session.execute(Self.durability)[0].text(0)
            guard durability != "off" else { throw SchemaError.commitsAreNotDurable(setting: durability) }
        }
    }

    /// Checks that what is thought to be a replica is one, of a schema of this program's version.
    /// - Throws: `SchemaError`, `PostgresError`.
    public func checkIsReplica() async throws {
        try await check()
        try await database.run { session in
            guard try session.execute(Self.isReplica)[0].bool(0) else { throw SchemaError.notAReplica }
        }
    }

    private static func found(_ session: Session) throws -> Int64 {
        try session.execute(foundVersion)[0].int64(0)
    }

    /// The advisory lock's key, "khata" in ASCII: any number that nobody else uses.
    private static let lock: Int64 = 0x6B_68_61_74_61

    private static let createVersions = """
        create table if not exists schema_versions (
            version    bigint primary key,
            applied_at timestamptz not null default now()
        )
        """
    private static let versionsExist = Statement(
        "schema.exists", "select to_regclass('schema_versions') is not null")
    private static let foundVersion = Statement(
        "schema.version", "select coalesce(max(version), 0) from schema_versions")
    private static let isReplica = Statement("schema.is_replica", "select pg_is_in_recovery()")
    private static let durability = Statement("schema.durability", "select current_setting('synchronous_commit')")
}
