import Foundation
import Inventory
public import Postgres

/// Migrates a database's schema to this program's version, or checks it.
public struct Schema: Sendable {
    public static let version = Int64(Migration.all.count)

    private let database: Pool

    public init(_ database: Pool) {
        self.database = database
    }

    /// Applies the missing migrations, each in a transaction of its own, one process at a time.
    /// - Parameter servingRole: Is granted what serving takes, as are roles that were named before.
    /// - Returns: The versions that were applied.
    /// - Throws: `SchemaError`, `PostgresError`.
    public func migrate(servingRole: String? = nil) async throws -> [Int64] {
        try await database.run { session in
            try session.script("select pg_advisory_lock(\(Self.lock))")
            defer { try? session.script("select pg_advisory_unlock(\(Self.lock))") }
            let exist = try session.execute(Self.tablesExist).one()
            for (column, table) in ["schema_versions", "schema_expansions"].enumerated() where try !exist.bool(column) {
                try session.script(Self.createVersions(table))
            }
            let missing = try Self.missing(session)
            for migration in missing { try Self.apply(migration, session) }
            try ServingRole.grant(to: servingRole, session)
            return missing.map(\.version)
        }
    }

    /// Sends one statement at a time, because not every server or pooler takes several at once. Waits for table locks only a
    /// second at a time, because all writers queue behind it; in between they continue. If this process stalls, the server
    /// rolls back.
    private static func apply(_ migration: Migration, _ session: Session) throws {
        let limits = ["set local lock_timeout = '1s'", "set local idle_in_transaction_session_timeout = '2s'"]
        let table = migration.isExpansion ? "schema_expansions" : "schema_versions"
        for attempt in 1... {
            var current = ""
            do {
                for statement in ["begin"] + limits + migration.statements {
                    current = statement
                    try session.script(statement)
                }
                try migration.finish?(session)
                for statement in ["insert into \(table) values (\(migration.version))", "commit"] {
                    try session.script(statement)
                }
                return
            } catch {
                // Before anything else, also the release of the lock: a failed transaction takes no other statement.
                try? session.script("rollback")
                guard let error = error as? PostgresError, let state = error.sqlState else { throw error }
                if SQLState.duplicates.contains(state) { throw SchemaError.taken(error.message) }
                guard state == SQLState.lockNotAvailable else { throw error }
                guard attempt < maximumAttempts else { throw SchemaError.locked(statement: current) }
                // Blocks only the connection's own thread.
                usleep(2_000_000)
            }
        }
    }

    /// Five minutes.
    private static let maximumAttempts = 100

    /// Creates the schema in a database that has none; any other must be at this program's version.
    /// - Throws: `SchemaError`, `PostgresError`.
    public func makeIfMissing(servingRole: String? = nil) async throws {
        if try await !exists() { _ = try await migrate(servingRole: servingRole) }
        try await check()
    }

    /// Whether the database has any version of the schema.
    public func exists() async throws -> Bool {
        try await database.run { session in try session.execute(Self.versionsExist).one().bool(0) }
    }

    /// Checks that the schema is of this program's version, that commits are durable, and that the role has its privileges.
    /// - Throws: `SchemaError`, `PostgresError`.
    public func check() async throws {
        try await database.run { session in
            let missing = try Self.missing(session)
            if let first = missing.first {
                throw SchemaError.older(found: first.version - 1, needed: Self.version)
            }
            let durability = try session.execute(Self.durability).one().text(0)
            guard durability != "off" else { throw SchemaError.commitsAreNotDurable(setting: durability) }
            try ServingRole.check(session)
        }
    }

    /// Why history could be changed unnoticed: the connection's role owns the tables, or the database lacks what the
    /// migrations set up.
    public func protectionDefects() async throws -> [String] {
        try await database.run { session in
            try [ServingRole.ownership(session)].compactMap(\.self) + HistoryProtection.defects(session)
        }
    }

    /// Checks that the server is a replica, with a schema of this program's version.
    /// - Parameters:
    ///   - primaryHistory: The ``historyID()`` of the primary, if it responded.
    ///   - isOneOfSeveral: Then it may be the primary: any of them may be after a failover.
    /// - Throws: `SchemaError`, `PostgresError`.
    public func checkIsReplica(of primaryHistory: String?, isOneOfSeveral: Bool = false) async throws {
        try await check()
        let (isStandby, beganHistory) = try await database.run { session in
            let row = try session.execute(Self.role).one()
            return (try row.bool(0), try row.bool(1))
        }
        let history = try await historyID()
        let isOfPrimary = primaryHistory == nil || primaryHistory == history
        guard isStandby || isOneOfSeveral && beganHistory && isOfPrimary else { throw SchemaError.notAReplica }
        guard isOfPrimary else { throw SchemaError.otherHistory }
    }

    /// The id of the ledger's history; `nil` until it is first served.
    public func historyID() async throws -> String? {
        try await database.run { session in try session.execute(Self.lastHistory).first?.text(0) }
    }

    /// - Returns: The migrations that are not applied yet, in order.
    /// - Throws: `SchemaError.newer`, `PostgresError`.
    private static func missing(_ session: Session) throws -> [Migration] {
        let exist = try session.execute(tablesExist).one()
        let found = try exist.bool(0) ? session.execute(foundVersion).one().int64(0) : 0
        let expansions = try exist.bool(1) ? Set(session.execute(foundExpansions).map { try $0.int64(0) }) : []
        let known = Migration.all.last { !$0.isExpansion }?.version ?? 0
        guard found <= known else { throw SchemaError.newer(found: found, known: known) }
        return Migration.all.filter { $0.isExpansion ? !expansions.contains($0.version) : $0.version > found }
    }

    /// The advisory lock's key: "khata" in ASCII, so that no other application uses it.
    private static let lock: Int64 = 0x6B_68_61_74_61

    private static func createVersions(_ table: String) -> String {
        """
        create table \(table) (
            version    bigint primary key,
            applied_at timestamptz not null default now()
        )
        """
    }
    private static let tablesExist = Statement(
        "schema.tables_exist",
        "select to_regclass('schema_versions') is not null, to_regclass('schema_expansions') is not null")
    private static let versionsExist = Statement(
        "schema.exists", "select to_regclass('schema_versions') is not null")
    private static let foundVersion = Statement(
        "schema.version", "select coalesce(max(version), 0) from schema_versions")
    private static let foundExpansions = Statement("schema.expansions", "select version from schema_expansions")
    private static let role = Statement(
        "schema.role",
        """
        select pg_is_in_recovery(),
            \(History.beganHereSQL("(select origin from histories order by number desc limit 1)"))
        """)
    private static let lastHistory = Statement(
        "schema.history", "select id from histories order by number desc limit 1")
    private static let durability = Statement("schema.durability", "select current_setting('synchronous_commit')")
}

/// Why a database cannot be used.
public enum SchemaError: Error, CustomStringConvertible {
    case older(found: Int64, needed: Int64)
    case newer(found: Int64, known: Int64)
    /// It accepts writes itself: reads from it would never see what is recorded on the primary.
    case notAReplica
    /// It does not follow the primary: reads would not use it.
    case otherHistory
    /// Commits would be acknowledged before they are durable.
    case commitsAreNotDurable(setting: String)
    /// Other transactions hold a table that a migration changes.
    case locked(statement: String)
    /// The database has something that a migration makes: PostgreSQL's message.
    case taken(String)
    case notGranted(role: String, privilege: String)
    /// It does not exist, or owns the tables.
    case unsuitableRole(String)

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
            "this server is not a standby: configure a streaming replica of the primary, or none"
        case .otherHistory:
            """
            this standby does not follow the database of primary.url, or not its last promotion: name a streaming replica \
            of that one, or make it follow (see the runbook, "Rebuild a replica")
            """
        case .commitsAreNotDurable(let setting):
            """
            synchronous_commit is \(setting) in the connection string, so acknowledged movements could be lost: leave it \
            out (it is on then), or set it to remote_write or remote_apply
            """
        case .locked(let statement):
            """
            a table stayed locked for five minutes: end the long transactions that pg_stat_activity shows, and run it \
            again. Nothing was changed by: \(statement)
            """
        case .taken(let message):
            """
            \(message), and it is not Khata's: use a database in which nothing else is, or a schema of its own (with the \
            role's search_path), or rename what is there, and run it again. This migration changed nothing
            """
        case .notGranted(let role, let privilege):
            """
            the database role \(role) lacks \(privilege): as the owner of the tables, run \
            `khata migrate --serve-as \(role)`
            """
        case .unsuitableRole(let role):
            """
            \(role) cannot be the role to serve with: there is no such role, or it owns the tables or is a superuser. \
            Create one with CREATE ROLE … LOGIN
            """
        }
    }
}
