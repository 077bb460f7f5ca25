import Access
import Foundation
import Inventory
import LedgerTesting
import PostgresLedger
import SQLiteLedger
import ServerTesting
import Testing

@Suite("khata promote")
struct PromoteTests {
    @Test("every read of the database brings what it brings of the file, and a second run says that it is done")
    func everything() async throws {
        try await TestFile.withFullShop { file in
            try await TestDatabase.with(migrated: false) { database in
                let promoted = try await file.promote(to: database)
                #expect(promoted.status == 0, "\(promoted.errors)")
                #expect(promoted.lines.last?.contains("50 movements, every level, count and chain is the same") == true)
                try await file.expectSame(database)

                let again = try await file.promote(to: database, "--json")
                #expect(again.status == 0, "\(again.errors)")
                #expect(again.output.contains(#""was_done":true,"is_same":true"#))
            }
        }
    }

    @Test("a retry of what was done before the move does nothing again, and new keys and ids follow the old ones")
    func goesOn() async throws {
        try await TestFile.withFullShop { file in
            try await TestDatabase.with { database in
                #expect(try await file.promote(to: database).status == 0)
                try await database.withLedger { ledger in
                    for (key, units) in [("sale", 2), ("row", 1)] as [(String, Int64)] {
                        let retry = try await ledger.record(
                            .moving(.sale, units, TestFile.sugar), .clerk(50, key: key, isPermanent: key == "row"))
                        #expect(retry.isReplay && retry.value.recordedAt == CommandContext.clerk(34).recordedAt)
                    }
                    // Recorded no earlier than what was recorded last, before the move.
                    let next = try await ledger.record(.moving(.sale, 1, TestFile.sugar), .clerk(5)).value
                    #expect(next.position == Position(rawValue: 38))
                    #expect(next.recordedAt == CommandContext.clerk(34).recordedAt)
                    let (webhooks, cursors, deliveries) = try await file.withLedger(.asItIs) { file in
                        (
                            try await file.webhooks(), try await file.cursors(of: TestFile.webhook),
                            try await file.deliveryStates()
                        )
                    }
                    #expect(try await ledger.webhooks() == webhooks && webhooks.count == 1)
                    #expect(try await Set(ledger.cursors(of: TestFile.webhook)) == Set(cursors) && !cursors.isEmpty)
                    let states = try await ledger.deliveryStates()[TestFile.webhook.text] ?? []
                    #expect(Set(states) == Set(deliveries[TestFile.webhook.text] ?? []) && states.count == 2)
                    #expect(states.contains { $0.replayAfter == .zero }, "nobody has begun the replay")
                    let key = try await ledger.addAPIKey(
                        NewAPIKey(.generate(), name: "new", grant: Grant(role: .reader)))
                    #expect(key.number == APIKeyNumber(rawValue: 4))
                    _ = try await ledger.change(
                        .replaceProduct(TestFile.tea, ProductDetails(name: "Tea"), ifVersion: .any), .clerk(5))
                    for store in [StoreID.catalog] + TestFile.stores {
                        _ = try await AuditVerification(ledger: ledger).verify(store)
                    }
                }
                let kept = try await database.integers(
                    "select count(*) from idempotency where key = 'row' and expires_at = 'infinity'")
                #expect(kept == [1])
                // What the database did since is no difference.
                let again = try await file.promote(to: database)
                #expect(again.status == 0, "\(again.errors)")
            }
        }
    }

    @Test("the file is only read afterwards, and says where its ledger went, without the password")
    func fileIsClosed() async throws {
        try await TestFile.withFullShop { file in
            try await TestDatabase.with { database in
                let secret = database.ownerURL.replacing("postgres@", with: "postgres:secret@")
                let promoted = try await Program(on: file).run(["promote", file.path, secret])
                #expect(promoted.status == 0 && !promoted.output.contains("secret"), "\(promoted.errors)")
                let khata = Program(on: file)
                for command in [
                    ["move", "sale", "102", "1"], ["transfer", "102", "1", "--from", "1", "--to", "2"],
                    ["store", "add", "New"], ["product", "archive", "900"],
                    ["key", "create", "--name", "new", "--role", "clerk"],
                    ["user", "disable", "ana"], ["serve", "--port", "0", "--ops-port", "0"],
                ] {
                    let refused = try await khata.run(command)
                    #expect(refused.status == 1, "\(command)")
                    #expect(refused.errors.contains("moved to postgres@") && !refused.errors.contains("secret"))
                }
                for command in [
                    ["stock"], ["report"], ["audit", "verify"], ["export", "movements"], ["key", "list"],
                ] {
                    let done = try await khata.run(command)
                    #expect(done.status == 0 && !done.output.isEmpty, "\(command): \(done.errors)")
                }
                #expect(try await khata.run(["health"]).output.contains("moved to another place"))
                try await file.expectSame(database)
            }
        }
    }

    @Test("a cache that counts is owed the news of where the ledgers are: the commit is in the outbox")
    func outbox() async throws {
        try await TestFile.withFullShop { file in
            try await TestDatabase.with { database in
                try await database.withLedger { _ = try await $0.cacheState() }
                try await database.execute("update cache_state set generation = 1, namespace = 'khata:cache'")
                #expect(try await file.promote(to: database).status == 0)
                try await database.withLedger { ledger in
                    var entries: [OutboxEntry] = []
                    try await eventually("an invalidation is due") {
                        entries = try await ledger.relay.round(limit: 10)?.entries ?? []
                        return !entries.isEmpty
                    }
                    #expect(entries[0].namespaces == "khata:cache")
                    let told = try #require(entries.first?.invalidations)
                    var heads: [StoreID: Position] = [:]
                    for store in [StoreID.catalog] + TestFile.stores {
                        heads[store] = try await AuditVerification(ledger: ledger).verify(store).position
                    }
                    #expect(Dictionary(uniqueKeysWithValues: told.map { ($0.storeID, $0.position) }) == heads)
                }
            }
        }
    }

    @Test(
        "a database that holds anything else is refused, and left alone",
        arguments: [
            """
            alter table users disable trigger changed_with_entry;
            insert into users (name, password_hash, role) values ('a', 'a', 'admin')
            """,
            "insert into stores (store_id, name, version) values (9, 'Other', 1)",
            "insert into stores (store_id, name, version, archived_at) values (9, 'Other', 1, now())",
            "insert into products (product_id, name, version) values (9, 'Other', 1)",
            "insert into stores (store_id, name, version, archived_at, position) values (2, 'Other', 0, now(), 1)",
        ])
    func foreign(sql: String) async throws {
        try await TestFile.withFullShop { file in
            try await TestDatabase.with { database in
                try await database.execute(sql)
                let before = try await database.fingerprint
                let refused = try await file.promote(to: database)
                #expect(
                    refused.status == 1 && refused.errors.contains("did not come from this file"), "\(refused.errors)")
                #expect(try await database.fingerprint == before)
                try await file.expectOpen()
            }
        }
    }

    @Test("a copy of the file cannot be promoted over what the database did since, nor the file into another database")
    func twice() async throws {
        try await TestFile.withFullShop { file in
            let copy = TestFile(folder: file.folder.appending(path: "copy"))
            try FileManager.default.createDirectory(at: copy.folder, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: file.path, toPath: copy.path)
            try await TestDatabase.with { database in
                #expect(try await file.promote(to: database).status == 0)
                let before = try await database.fingerprint
                let refused = try await copy.promote(to: database)
                #expect(refused.status == 1 && refused.errors.contains("did not come from this file"))
                #expect(try await database.fingerprint == before)
                try await copy.expectOpen()
                try await TestDatabase.with(migrated: false) { other in
                    let elsewhere = try await file.promote(to: other)
                    #expect(elsewhere.status == 1 && elsewhere.errors.contains("already, and goes on there"))
                    #expect(
                        try await other.integers("select count(*) from pg_tables where schemaname = 'public'") == [0])
                }
            }
        }
    }

    @Test(
        "what would not be the same in the database is told, and neither opened nor closed",
        arguments: [
            ("stock_levels", "new.on_hand := new.on_hand + 1", "the level of product"),
            ("products", "new.unit := 'kg'", "the catalog would not be the same"),
            ("api_keys", "new.last_used_at := now()", "the keys, users or webhooks would not be the same"),
            ("audit_log", "new.actor := 'eve'", "the hash is not that of the entry"),
            (
                "movements", "new.recorded_at := new.recorded_at + interval '1 microsecond'",
                "not the one that was audited"
            ),
        ])
    func different(table: String, change: String, message: String) async throws {
        try await TestFile.withFullShop { file in
            try await TestDatabase.with { database in
                try await database.execute(
                    """
                    create function change() returns trigger language plpgsql as $$ begin \(change); return new; end $$;
                    create trigger change before insert on \(table) for each row execute function change()
                    """)
                let refused = try await file.promote(to: database)
                #expect(refused.status == 1 && refused.errors.contains(message), "\(refused.errors)")
                try await file.expectOpen()
                try await database.expectClosed()
            }
        }
    }

    @Test("a file whose history is not sound is not moved")
    func unsound() async throws {
        try await TestFile.withFullShop { file in
            try file.execute(
                """
                drop trigger audit_log_is_not_updated;
                update audit_log set actor = 'eve' where store_id = 2 and position = 2
                """)
            try await TestDatabase.with { database in
                let refused = try await file.promote(to: database)
                #expect(refused.status == 1 && refused.errors.contains("store 2, position 2"), "\(refused.errors)")
                try await database.expectClosed()
                #expect(try await database.integers("select count(*) from movements where store_id = 2") == [0])
            }
        }
    }
}

extension TestFile {
    func promote(to database: TestDatabase, _ flags: String...) async throws -> Program.Outcome {
        try await Program(on: self).run(["promote", path, database.ownerURL] + flags)
    }

    /// Whether every read of the database brings what it brings of the file.
    func expectSame(_ database: TestDatabase) async throws {
        let kept = try await withLedger(.asItIs) { ledger in try await EveryRead(ledger) }
        let found = try await database.withLedger { ledger in try await EveryRead(ledger) }
        let difference = kept.difference(from: found)
        #expect(difference == nil)
    }

    /// Whether the file is in use as before: a movement is recorded to see it.
    func expectOpen() async throws {
        try await withLedger(.asItIs) { ledger in
            #expect(try await ledger.destination() == nil)
            _ = try await ledger.record(.moving(.stockIn, 1, Self.sugar, in: Self.stores[1]), .clerk(60))
        }
    }
}

extension TestDatabase {
    /// Whether nobody can use the shop: it has no products, and no store is in use.
    func expectClosed() async throws {
        try await withLedger { ledger in
            let stores = try await ledger.stores(StoreQuery(), Freshness()).value.items
            let products = try await ledger.products(ProductQuery(), Freshness()).value.items
            #expect(stores.isEmpty && products.isEmpty)
            for store in TestFile.stores {
                await #expect(throws: LedgerError.self) {
                    try await ledger.record(.moving(.stockIn, 1, TestFile.sugar, in: store), .clerk(60))
                }
            }
        }
    }

    /// Of all that the tables hold.
    var fingerprint: [Int64] {
        get async throws {
            var hashes: [Int64] = []
            for table in [
                "stores", "products", "stock_levels", "movements", "audit_log", "idempotency", "outbox", "api_keys",
                "users",
            ] {
                hashes += try await integers(
                    "select hashtextextended(coalesce(string_agg(t::text, ',' order by t::text), ''), 0) from \(table) t"
                )
            }
            return hashes
        }
    }
}
