import Access
import Inventory
import InventoryTesting
import LedgerTesting
import Postgres
import Testing

@testable import PostgresLedger

@Suite("The role that serves")
struct ServingRoleTests {
    /// What an intruder with its password would do, in one transaction each.
    private static let attacks = [
        "update stock_levels set on_hand = 999",
        "insert into stock_levels select 1, 555, 1, 1, now()",
        "delete from stock_levels",
        "update products set name = 'Salt' where product_id = 102",
        "update products set name = 'Salt', version = 1 where product_id = 102",
        "update products set name = 'Salt', version = version + 1 where product_id = 102",
        "update products set archived_at = now() where product_id = 102",
        "insert into products (product_id, name, version) values (555, 'Salt', 1)",
        "update stores set archived_at = now(), version = version + 1 where store_id = 1",
        "update stores set name = 'Elsewhere' where store_id = 1",
        "insert into stores (store_id, name, version) values (555, 'Elsewhere', 1)",
        "delete from stores where store_id = 1",
        "delete from movements where store_id = 1",
        "delete from audit_log where store_id = 1",
        "update movements set quantity = 1",
        "update audit_log set actor = 'key:other'",
        "truncate movements",
        "truncate audit_log",
        "truncate credential_log",
        "alter table movements disable trigger append_only",
        "drop trigger append_only on audit_log",
        "drop table audit_log",
        "set session_replication_role = replica",
        "create function public.evil() returns trigger language plpgsql as 'begin return null; end'",
        "update api_keys set role = 'admin'",
        "update api_keys set secret_hash = sha256('known')",
        "update api_keys set expires_at = null, version = version + 1",
        "insert into api_keys (id, name, role, secret_hash) values ('000000000000', 'a', 'admin', sha256('known'))",
        """
        insert into api_keys (version, id, name, role, secret_hash)
        values (1, '000000000000', 'a', 'admin', sha256('known'))
        """,
        "delete from api_keys",
        "update users set password_hash = 'known'",
        "update users set role = 'admin', version = version - 1",
        """
        create temp table credential_log as select 99 as position, '{"subject": "user:ana"}' as detail;
        update users set role = 'admin', version = 99
        """,
        "update credential_log set actor = 'key:other'",
        "insert into credential_log values (9223372036854775807, now(), 'a', 'x', 'x', '{}', sha256('a'))",
        """
        create temp table t (
            store_id bigint, product_id bigint, on_hand_after bigint, position bigint, recorded_at timestamptz);
        create trigger x after insert on t referencing new table as inserted
            for each statement execute function public.derive_levels();
        insert into t values (1, 102, 999, 1, now())
        """,
    ]

    @Test("can neither change history nor what follows from it")
    func attacks() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger { ledger in
                _ = try await ledger.record(.stockIn(5), .testing)
                _ = try await ledger.addAPIKey(
                    NewAPIKey(APIKey.generate(), name: "till", grant: Grant(role: .clerk), expiresAt: .now))
                try await database.execute(
                    """
                    begin;
                    insert into credential_log values (2, now(), 'a', 'user-created', 'r', '{"subject": "user:ana"}',
                        sha256('a'));
                    insert into users (version, name, password_hash, role) values (2, 'ana', '', 'clerk');
                    commit
                    """)
            }
            try await TestDatabase.withPool(database.primaryURL) { pool in
                for attack in Self.attacks {
                    await #expect("\(attack)") {
                        try await pool.run { try $0.script(attack) }
                    } throws: { error in
                        // insufficient_privilege, restrict_violation
                        ["42501", "23001"].contains((error as? PostgresError)?.sqlState)
                    }
                }
            }
        }
    }

    @Test("is told what it lacks, gets it again with each migration, and is none that owns the tables")
    func grants() async throws {
        try await TestDatabase.with { database in
            try await database.execute("revoke insert on outbox, credential_log from khata_serve")
            try await TestDatabase.withPool(database.primaryURL) { pool in
                await #expect {
                    try await Schema(pool).check()
                } throws: { error in
                    "\(error)".contains("the database role khata_serve lacks INSERT on")
                        && "\(error)".contains("khata migrate --serve-as khata_serve")
                }
                try await database.withPool { owner in _ = try await Schema(owner).migrate() }
                try await Schema(pool).check()
                #expect(try await Schema(pool).migrate() == [])
                #expect(try await Schema(pool).protectionDefects() == [])
            }
            try await database.withPool { owner in
                let defects = try await Schema(owner).protectionDefects()
                #expect(defects.count == 1 && defects.first?.contains("postgres owns the tables") == true)
                for role in ["postgres", "nobody; drop table users"] {
                    await #expect {
                        _ = try await Schema(owner).migrate(servingRole: role)
                    } throws: { error in
                        "\(error)".hasPrefix("\(role) cannot be the role to serve with")
                    }
                }
            }
        }
    }

    @Test("is reported for whatever it, or a role that may change something, has beyond that")
    func excesses() async throws {
        let (role, group) = (
            "khata_test_\(UInt64.random(in: 0...(.max)))", "khata_test_\(UInt64.random(in: 0...(.max)))"
        )
        let grants: [(sql: String, told: String)] = [
            ("grant delete on movements to \(role)", "has DELETE on movements"),
            ("grant trigger, truncate on users to \(role)", "has TRIGGER on users"),
            ("grant insert on stores to \(role) with grant option", "has INSERT WITH GRANT OPTION on stores"),
            ("grant update (on_hand) on stock_levels to \(role)", "has UPDATE on stock_levels.on_hand"),
            ("grant update on sequence api_keys_number_seq to \(role)", "has UPDATE on api_keys_number_seq"),
            ("grant create on schema public to \(role)", "has CREATE on the schema"),
            ("grant execute on function derive_levels to \(role)", "has EXECUTE on the function derive_levels"),
            ("grant set on parameter session_replication_role to \(role)", "has SET on the parameter session_rep"),
            ("alter default privileges grant insert on tables to \(role)", "has INSERT on new tables"),
            ("alter table products owner to \(role)", "owns products"),
            ("alter role \(role) createrole", "may create roles"),
            ("alter role \(role) bypassrls", "bypasses row security"),
            ("grant pg_write_all_data to \(role)", "as a member of pg_write_all_data, has access to all tables"),
            ("grant update on audit_log to \(group); grant \(group) to \(role)", "as a member of \(group), has UPDATE"),
            ("alter role \(group) superuser", "as a member of \(group), is a superuser"),
            ("alter role \(role) superuser", "is a superuser"),
        ]
        try await TestDatabase.with { database in
            func defects() async throws -> [String] {
                try await TestDatabase.withPool(database.primaryURL) { try await Schema($0).protectionDefects() }
            }
            try await database.execute(
                """
                create role \(role) noinherit; create role \(group); grant insert on movements to \(role);
                grant set on parameter session_replication_role to \(group)
                """)
            // What a role may do that can change nothing here is its own affair.
            #expect(try await defects() == [])
            for (sql, told) in grants {
                try await database.execute(sql)
                let found = try await defects()
                let subject = "the database role \(role)"
                #expect(
                    found.contains { $0.hasPrefix("\(subject) \(told)") || $0.hasPrefix("\(subject), \(told)") },
                    "\(sql): \(found)")
            }
            try await database.execute(
                """
                grant insert on audit_log to public; alter table products owner to postgres;
                drop owned by \(role), \(group); drop role \(role), \(group)
                """)
            #expect(try await defects() == ["every database role has INSERT on audit_log"])
        }
    }

    @Test("is reported if a table hides rows, writes something else, or is none")
    func tables() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                alter table audit_log enable row level security;
                create rule nothing as on insert to movements do instead nothing
                """)
            let defects = try await TestDatabase.withPool(database.primaryURL) {
                try await Schema($0).protectionDefects()
            }
            #expect(defects == ["audit_log is under row security", "movements is under a rule"])
        }
    }

    @Test("is reported if a trigger is missing or disabled")
    func triggers() async throws {
        try await TestDatabase.with { database in
            try await database.execute(
                """
                alter table audit_log disable trigger append_only;
                alter table products enable replica trigger changed_with_entry;
                alter table stores enable always trigger changed_with_entry;
                drop trigger derive_levels on movements
                """)
            let defects = try await TestDatabase.withPool(database.primaryURL) {
                try await Schema($0).protectionDefects()
            }
            #expect(
                Set(defects) == [
                    "the trigger append_only on audit_log is disabled",
                    "the trigger changed_with_entry on products is disabled",
                    "the trigger derive_levels on movements is missing",
                ])
        }
    }

    @Test("cannot change what the service rests on with settings of its own")
    func settings() async throws {
        try await TestDatabase.withShop { database in
            try await TestDatabase.withPool(database.primaryURL) { pool in
                for setting in [
                    "search_path = pg_temp", "synchronous_commit = off", "default_transaction_isolation = serializable",
                ] {
                    try await pool.run { session in
                        try session.script(
                            """
                            do $$ begin
                                execute format('alter role khata_serve in database %I set \(setting)', current_database());
                            end $$
                            """)
                    }
                }
            }
            try await TestDatabase.withPool(database.primaryURL) { pool in
                let settings = try await pool.run { session in
                    let row = try session.execute(
                        Statement(
                            "settings",
                            """
                            select current_setting('search_path'), current_setting('synchronous_commit'),
                                current_setting('transaction_isolation')
                            """)
                    ).one()
                    return [try row.text(0), try row.text(1), try row.text(2)]
                }
                #expect(settings == ["public", "on", "read committed"])
            }
            try await database.withLedger { ledger in
                let recorded = try await ledger.record(.stockIn(5), .testing)
                #expect(recorded.value.onHand == 5)
            }
        }
    }

    @Test("is in health if it owns the tables")
    func health() async throws {
        try await TestDatabase.with { database in
            let restricted = try await database.withLedger { ledger in await ledger.health() }
            #expect(restricted.map(\.name) == ["primary:responseTime"])
            let owning = try await database.withLedger(primary: database.ownerURL) { ledger in await ledger.health() }
            #expect(owning.map(\.name) == ["primary:responseTime", "primary:role"])
            #expect(owning.last?.status == .warn)
        }
    }
}
