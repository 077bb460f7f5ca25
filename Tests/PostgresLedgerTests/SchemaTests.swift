import Access
import Inventory
import InventoryTesting
import LedgerTesting
import Postgres
import ServerTesting
import Testing

@testable import PostgresLedger

@Suite("The schema")
struct SchemaTests {
    @Test("is applied once, however many apply it at once")
    func concurrentMigration() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let applied = try await withThrowingTaskGroup { group in
                for _ in 0..<4 {
                    group.addTask { try await database.withPool { pool in try await Schema(pool).migrate() } }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied.sorted() == Array(1...Schema.version))
            try await database.withPool { pool in try await Schema(pool).check() }
        }
    }

    @Test("a database of version 1 keeps its keys: they see all stores, at their role's rates, in the order of old")
    func fromVersion1() async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await database.execute(
                """
                begin;
                create table schema_versions (version bigint primary key, applied_at timestamptz default now());
                insert into schema_versions values (1);
                \(Migration.all[0].sql);
                insert into api_keys (id, name, role, secret_hash, expires_at)
                values ('000000000001', 'till', 'clerk', sha256('a'), '2100-01-01T00:00:00Z'),
                    ('000000000002', 'office', 'admin', sha256('b'), null);
                commit
                """)
            let applied = try await database.migrate()
            #expect(applied == Array(2...Schema.version))
            try await database.withLedger { ledger in
                let keys = try await ledger.apiKeys(after: nil, limit: 10).items
                #expect(keys.map(\.name) == ["till", "office"])
                #expect(keys.map(\.grant) == [Grant(role: .clerk), Grant(role: .admin)])
                #expect(keys.map(\.number.rawValue) == [1, 2])
                #expect(keys[0].expiresAt == Timestamp("2100-01-01T00:00:00Z"))
                #expect(keys.allSatisfy { $0.lastUsedAt == nil && $0.revokedAt == nil })
                let added = try await ledger.addAPIKey(
                    NewAPIKey(APIKey.generate(), name: "new", grant: Grant(role: .reader)))
                #expect(added.number.rawValue > 2)
                let log = try await ledger.credentialLog(after: .zero, limit: 10).entries
                #expect(log.map(\.action) == [.keyExisted, .keyExisted, .keyCreated])
                #expect(log.map(\.actor) == ["migration", "migration", "test"])
                #expect(try await LedgerVerification(ledger).verify(.credentials).differences.first == [])
            }
            // As an earlier program does it.
            for change in [
                "insert into api_keys (id, name, role, secret_hash) values ('000000000003', 'a', 'admin', sha256('c'))",
                "update api_keys set revoked_at = coalesce(revoked_at, now()) where id = '000000000001'",
                "insert into users (name, password_hash, role) values ('eve', '', 'admin')",
            ] {
                await #expect {
                    try await database.execute(change)
                } throws: { error in
                    (error as? PostgresError)?.message.hasSuffix("only with an entry in credential_log") == true
                }
            }
            try await database.execute("update api_keys set last_used_at = now() where id = '000000000001'")
        }
    }

    @Test("is brought up to date beside who reads for long, and holds up nobody who writes meanwhile")
    func besideReaders() async throws {
        try await TestDatabase.with(migrated: false) { database in
            let before = Migration.all.prefix { !$0.isExpansion }
            try await database.execute(
                """
                begin;
                create table schema_versions (version bigint primary key, applied_at timestamptz default now());
                \(before.map { "\($0.sql); insert into schema_versions values (\($0.version));" }.joined(separator: "\n"))
                commit
                """)
            try await database.withPool { holder in
                try await holder.run { try $0.script("select pg_advisory_lock(1)") }
                try await database.withPool { reader in
                    // As a backup does, until the holder lets it go on.
                    async let reading: Void = reader.run { session in
                        try session.script("set statement_timeout = 0")
                        try session.script("begin; select count(*) from outbox; select pg_advisory_lock(1)")
                    }
                    // What fails here must not leave the lock held.
                    await #expect(throws: Never.self) { try await database.awaitWaiter(for: "locktype = 'advisory'") }
                    async let applied = database.withPool { pool in try await Schema(pool).migrate() }
                    for position in 1...3 {
                        await #expect(throws: Never.self) {
                            try await database.awaitWaiter(for: "relation = 'outbox'::regclass")
                        }
                        // Not every server or pooler takes several statements at once.
                        #expect(
                            try await database.integers(
                                "select count(*) from pg_stat_activity where wait_event = 'relation' and query like 'begin;%'"
                            ) == [0])
                        try await database.execute(
                            """
                            set statement_timeout = '5s';
                            insert into outbox (store_id, position, changes) values (1, \(position), '[]')
                            """)
                    }
                    try await holder.run { try $0.script("select pg_advisory_unlock(1)") }
                    try await reading
                    #expect(try await applied == Migration.all.filter(\.isExpansion).map(\.version))
                }
            }
        }
    }

    @Test("a migration that fails says why, and leaves no lock behind: when that is mended, another session migrates")
    func failedMigration() async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await database.execute("create table histories ()")
            try await database.withPool { pool in
                await #expect {
                    _ = try await Schema(pool).migrate()
                } throws: { error in
                    let text = (error as? SchemaError)?.description
                    return text?.contains("\"histories\" already exists") == true
                        && text?.contains("use a database in which nothing else is") == true
                }
                #expect(
                    try await database.integers(
                        """
                        select count(*) from pg_locks
                        where database = (select oid from pg_database where datname = current_database())
                            and locktype = 'advisory'
                        """) == [0])
                try await database.execute("drop table histories")
                let applied = try await database.withPool { other in try await Schema(other).migrate() }
                #expect(applied == Array(4...Schema.version))
            }
        }
    }

    @Test("an index whose building failed is built again, and what only has its name is refused")
    func invalidIndex() async throws {
        try await TestDatabase.with { database in
            let again = "delete from schema_expansions where version = 5"
            try await database.execute(
                """
                \(again);
                update pg_index set indisvalid = false where indexrelid = 'audit_log_of_imports'::regclass
                """)
            #expect(try await database.migrate() == [5])
            let valid = "select indisvalid::int from pg_index where indexrelid = 'audit_log_of_imports'::regclass"
            #expect(try await database.integers(valid) == [1])
            try await database.execute(
                "\(again); drop index audit_log_of_imports; create table audit_log_of_imports ()")
            await #expect {
                try await database.migrate()
            } throws: { error in
                (error as? PostgresError)?.message.contains("is not an index") == true
            }
        }
    }

    @Test("is refused when it is older or newer than the program")
    func versions() async throws {
        try await TestDatabase.with(migrated: false) { database in
            func expectError(_ contains: String, _ body: (Schema) async throws -> Void) async throws {
                let message = try await database.withPool { pool in
                    do {
                        try await body(Schema(pool))
                        return ""
                    } catch let error as SchemaError {
                        return error.description
                    }
                }
                #expect(message.contains(contains))
            }
            try await expectError("run `khata migrate`") { try await $0.check() }
            try await database.migrate()
            try await expectError("not a standby") { try await $0.checkIsReplica(of: nil) }
            try await database.execute("insert into schema_versions values (\(Schema.version + 1))")
            try await expectError("use the newer program") { try await $0.check() }
            try await expectError("use the newer program") { _ = try await $0.migrate() }
        }
    }

    @Test("a database whose commits are not durable is refused")
    func durability() async throws {
        try await TestDatabase.with { database in
            let url = database.primaryURL + "?options=-csynchronous_commit%3Doff"
            await #expect(throws: SchemaError.self) {
                try await TestDatabase.withPool(url) { pool in try await Schema(pool).check() }
            }
        }
    }

    @Test(
        "history cannot be changed",
        arguments: ["movements", "audit_log"],
        [
            "update %@ set recorded_at = now()", "delete from %@", "truncate %@",
            "update %@ set recorded_at = now() where false",
        ])
    func appendOnly(table: String, sql: String) async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger { ledger in _ = try await ledger.record(.stockIn(1), .testing) }
            await #expect {
                try await database.execute(sql.replacing("%@", with: table))
            } throws: { error in
                (error as? PostgresError)?.message.contains("append-only") == true
            }
        }
    }

    @Test("the database itself refuses stock below zero")
    func constraints() async throws {
        try await TestDatabase.withShop { database in
            for sql in [
                "insert into stock_levels values (1, 102, -1, 1, now())",
                "insert into movements (store_id, position, product_id, type, quantity, on_hand_after, recorded_at) "
                    + "values (1, 1, 102, 'sale', 1, -1, now())",
                "insert into movements (store_id, position, product_id, type, quantity, on_hand_after, recorded_at) "
                    + "values (1, 1, 102, 'sale', 0, 1, now())",
            ] {
                await #expect {
                    try await database.execute(sql)
                } throws: { error in
                    (error as? PostgresError)?.sqlState == SQLState.checkViolation
                }
            }
        }
    }
}

extension TestDatabase {
    /// Returns once somebody waits for a lock.
    fileprivate func awaitWaiter(for lock: String) async throws {
        try await eventually("somebody waits for \(lock)") {
            try await integers(
                """
                select count(*) from pg_locks
                where not granted and database = (select oid from pg_database where datname = current_database()) and \(lock)
                """) == [1]
        }
    }
}
