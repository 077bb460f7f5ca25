import Foundation
import Inventory
import LedgerTesting
import Testing

@Suite("khata audit verify")
struct VerifyTests {
    enum Place: CaseIterable { case file, database }

    /// What is done together behind the ledger's back, in SQL of both databases, and what is told of each.
    private static let changes: [[(sql: String, told: String)]] = [
        [
            (
                "update stock_levels set on_hand = 999 where store_id = 1 and product_id = 102",
                "store 1, product 102, position 37: on_hand is 999, and 22 follows from the log"
            ),
            (
                "update stock_levels set on_hand = 5, position = 1 where store_id = 3 and product_id = 102",
                "store 3, product 102, position 5: on_hand is 5, and 0 follows from the log"
            ),
            ("", "store 3, product 102, position 5: position is 1, and 5 follows from the log"),
            (
                "delete from stock_levels where store_id = 2 and product_id = 900",
                "store 2, product 900, position 3: no level is there, and 40 on hand follows from the log"
            ),
            (
                "insert into stock_levels select 1, 555, on_hand, position, recorded_at from stock_levels "
                    + "where store_id = 2 and product_id = 7",
                "store 1, product 555: a level of 0 is there, and nothing was ever moved"
            ),
            (
                "insert into stock_levels select 77, product_id, on_hand, position, recorded_at from stock_levels "
                    + "where store_id = 2 and product_id = 7", "store 77: there is no such store"
            ),
            (
                "update products set sku = null, unit = 'kg' where product_id = 102",
                "product 102: sku is none, and \"SUG-1\" follows from the log"
            ),
            ("", "product 102: unit is \"kg\", and \"pack\" follows from the log"),
            (
                "update products set archived_at = null, version = 1 where product_id = 7",
                "product 7: archived_at is none, and 1970-02-03T00:00:01.000001Z follows from the log"
            ),
            ("", "product 7: version is 1, and 10 follows from the log"),
            (
                "update stores set name = 'Elsewhere' where store_id = 3",
                "store 3: name is \"Elsewhere\", and \"دکان 3\" follows from the log"
            ),
            (
                "update stores set audit_head = (select hash from audit_log where store_id = 3 and position = 3) "
                    + "where store_id = 3", "store 3, position 7: audit_head is "
            ),
            (
                "update stores set recorded_at = (select recorded_at from audit_log where store_id = 1 "
                    + "and position = 3) where store_id = 1",
                "store 1, position 37: recorded_at is 1970-01-03T00:00:01.000001Z, and 1970-02-04T00:00:01.000001Z"
            ),
        ],
        [
            (
                "delete from products where product_id = 900",
                "product 900, position 7: the product is not there, and the catalog's log knows it"
            ),
            ("delete from stores where store_id = 4", "store 4, position 4: the store is not there, and the catalog's"),
            ("", "store 4: there is no such store"),
            (
                "update stores set archived_at = null where store_id = 3",
                "store 3: archived_at is none, and 1970-02-02T00:00:01.000001Z follows from the log"
            ),
            (
                "update stores set position = 0, audit_head = (select hash from audit_log where store_id = 2 "
                    + "and position = 3) where store_id = 2",
                "store 2, position 6: there are audit entries up to here, and the ledger ends at 0"
            ),
            ("", "store 2, position 6: there are movements up to here, and the ledger ends at 0"),
            ("", "store 2, position 0: audit_head is "),
            ("", "store 2, position 0: recorded_at is 1970-02-03T00:00:01.000001Z, and 0001-01-01T00:00:00.000000Z"),
            ("", "store 2, product 7: a level of 0 is there, and nothing was ever moved"),
            ("", "store 2, product 102: a level of 40 is there, and nothing was ever moved"),
            ("", "store 2, product 900: a level of 40 is there, and nothing was ever moved"),
        ],
        [
            (
                "update stores set position = 99 where store_id = 2",
                "store 2, position 7: the log ends before its ledger"
            ),
            (
                "delete from stores where store_id = 3",
                "store 3, position 9: the store is not there, and the catalog's log says that it was archived at 1970"
            ),
            ("", "store 3: there is no such store"),
            ("", "store 3, position 7: there are audit entries up to here, and there is no such store"),
            ("", "store 3, position 7: there are movements up to here, and there is no such store"),
            (
                "update products set archived_at = recorded_at from stores where store_id = 0 and product_id = 102",
                "product 102: archived_at is 1970-02-03T00:00:01.000001Z, and none follows from the log"
            ),
        ],
    ]

    /// Lends a shop with all that one may have, and the program on it.
    private func withShop(in place: Place, _ body: (Program, (String) async throws -> Void) async throws -> Void)
        async throws
    {
        try await TestFile.withFullShop { file in
            guard place == .database else {
                return try await body(Program(on: file)) { try file.execute($0) }
            }
            try await TestDatabase.with { database in
                #expect(try await file.promote(to: database).status == 0)
                try await body(Program(on: database)) { try await database.execute($0) }
            }
        }
    }

    @Test("finds each thing that does not follow from the log, and goes on", arguments: Place.allCases)
    func differences(place: Place) async throws {
        for changes in Self.changes {
            try await withShop(in: place) { khata, execute in
                let sound = try await khata.run(["audit", "verify"])
                #expect(sound.status == 0, "\(sound.errors)")
                #expect(sound.lines.last == "compared: entries 68, levels 9, products 3, stores 4, keys and users 6")
                for change in changes where !change.sql.isEmpty { try await execute(change.sql) }
                let found = try await khata.run(["audit", "verify"])
                let lines = found.errors.split(separator: "\n")
                #expect(found.status == 1)
                for change in changes {
                    #expect(lines.contains { $0.hasPrefix(change.told) }, "\(change.told) in \(found.errors)")
                }
                #expect(lines.count == changes.count + 1, "\(found.errors)")
                #expect(lines.last == "khata: \(changes.count) things do not follow from the audit log")
                #expect(found.output.contains("store 1: 37 entries are sound"))
                let json = try await khata.run(["audit", "verify", "--json"])
                #expect(json.status == 1 && json.output.hasPrefix(#"{"is_sound":false,"#))
            }
        }
    }

    @Test("a level that was changed before a sale is named, and can be acknowledged, alone", arguments: Place.allCases)
    func acknowledged(place: Place) async throws {
        try await withShop(in: place) { khata, execute in
            try await AnchorFiles.with { files in
                func acknowledge(_ position: Int) async throws -> Program.Outcome {
                    let place = ["--store", "1", "--position", "\(position)"]
                    return try await khata.run(["audit", "acknowledge"] + place + ["--note", "21 were counted"])
                }
                let anchor = ["audit", "anchor", files.anchor, "--key", files.key]
                let gap =
                    "store 1, product 102, position 38: the movement leaves 998 on hand, and 21 follows from the movements "
                    + "before"
                try await execute("update stock_levels set on_hand = 999 where store_id = 1 and product_id = 102")
                // The level is wrong, and no movement was decided by it yet.
                let early = try await acknowledge(37)
                #expect(early.status == 1 && early.errors.contains("nothing to acknowledge at position 37 of store 1"))
                #expect(try await khata.run(["move", "sale", "102", "1", "--store", "1"]).status == 0)

                let found = try await khata.run(["audit", "verify"])
                #expect(found.status == 1)
                #expect(found.errors == "\(gap)\nkhata: one thing does not follow from the audit log\n")
                let json = try await khata.run(["audit", "verify", "--json"])
                #expect(json.output.contains(#""product_id":102,"subject":null,"position":38,"#))
                #expect(json.output.contains(#""found":"998","expected":"21"}"#))
                #expect(try await khata.run(anchor).status == 1)
                #expect(try await acknowledge(37).status == 1)

                let done = try await acknowledge(38)
                #expect(done.status == 0 && done.output.hasPrefix("\(gap); acknowledged by cli:"), "\(done.errors)")
                let again = try await acknowledge(38)
                #expect(again.status == 1 && again.errors.contains("This is known already: \(gap); acknowledged by"))
                let sound = try await khata.run(["audit", "verify"])
                #expect(sound.status == 0 && sound.errors.isEmpty, "\(sound.errors)")
                #expect(sound.output.contains("store 1: 38 entries are sound, 1 acknowledged difference; the last"))
                #expect(sound.lines.contains { $0.hasPrefix(gap) && $0.hasSuffix(": 21 were counted") })
                let known = try await khata.run(["audit", "verify", "--json"])
                #expect(known.status == 0 && known.output.contains(#""note":"21 were counted"}]"#))
                #expect(try await khata.run(anchor).status == 0)
                let health = try await khata.run(["health"])
                #expect(health.lines.contains { $0.hasPrefix("reconciliation:differences") && $0.contains("pass") })

                // Whoever changes the level again is found.
                try await execute("update stock_levels set on_hand = 500 where store_id = 1 and product_id = 102")
                #expect(try await khata.run(["move", "sale", "102", "1", "--store", "1"]).status == 0)
                let more = try await khata.run(["audit", "verify"])
                #expect(
                    more.errors == """
                        store 1, product 102, position 39: the movement leaves 499 on hand, and 997 follows from the \
                        movements before
                        khata: one thing does not follow from the audit log

                        """)
                #expect(more.output.contains("38: the movement leaves 998 on hand"))
                try await execute("update reconciliations set differences = 1 where part = 'ledger:1'")
                #expect(try await khata.run(["health"]).output.contains("does not follow from the log: store 1"))
            }
        }
    }

    @Test("continues past entries that are chained but not sound", arguments: Place.allCases)
    func planted(place: Place) async throws {
        let store = StoreID(rawValue: 4)
        try await withShop(in: place) { khata, execute in
            var last = AuditHash.origin
            for (position, action) in [(1, "stock-counted"), (2, "sale")] as [(Int64, String)] {
                func entry(_ hash: AuditHash) -> AuditEntry {
                    AuditEntry(
                        storeID: store, position: Position(rawValue: position),
                        recordedAt: Timestamp(microseconds: 1_700_000_000_000_000), actor: "key:eve",
                        actionName: action, requestID: "r", detail: "{}", hash: hash)
                }
                last = entry(.origin).hash(following: last)
                try await execute(Self.append(entry(last), in: place))
            }
            #expect(try await khata.run(["move", "in", "102", "3", "--store", "4"]).status == 0)
            try await execute("update stock_levels set on_hand = 5 where store_id = 4")
            let found = try await khata.run(["audit", "verify"])
            #expect(found.status == 1)
            #expect(
                found.errors.split(separator: "\n") == [
                    "store 4, position 1: the action stock-counted is not known",
                    "store 4, position 2: the movement is missing from the ledger",
                    "store 4, product 102, position 3: on_hand is 5, and 3 follows from the log",
                    "khata: 3 things do not follow from the audit log",
                ])
            #expect(found.output.contains("store 4: 3 entries are sound, and 3 things do not follow from them"))
            let listed = try await khata.run(["audit", "list", "--store", "4"])
            #expect(listed.status == 0 && listed.output.contains("stock-counted"))
        }
    }

    /// As an intruder does who knows how entries are chained.
    private static func append(_ entry: AuditEntry, in place: Place) -> String {
        let time = place == .file ? "\(entry.recordedAt.microseconds)" : "'\(entry.recordedAt)'"
        let hash = place == .file ? "x'\(entry.hash)'" : "'\\x\(entry.hash)'"
        return """
            insert into audit_log (store_id, position, recorded_at, actor, action, request_id, detail, hash)
            values (\(entry.storeID), \(entry.position), \(time), '\(entry.actor)', '\(entry.actionName)',
                '\(entry.requestID)', '\(entry.detail)', \(hash));
            update stores set position = \(entry.position), audit_head = \(hash), recorded_at = \(time)
            where store_id = \(entry.storeID)
            """
    }

    @Test("finds a product that is filed under another name than its own")
    func misfiled() async throws {
        try await TestFile.withFullShop { file in
            try file.execute("update products set name_key = 'salt' where product_id = 102")
            let found = try await Program(on: file).run(["audit", "verify", "--store", "0"])
            #expect(found.status == 1)
            #expect(found.errors.hasPrefix("product 102: it is found by another name than its own\n"))
        }
    }

    @Test("prints so many differences, and counts all")
    func limit() async throws {
        try await TestFile.withFullShop { file in
            try file.execute(
                """
                with recursive ids (id) as (select 1000 union all select id + 1 from ids where id < 1149)
                insert into stock_levels select 1, id, 1, 1, 1 from ids
                """)
            let found = try await Program(on: file).run(["audit", "verify"])
            let lines = found.errors.split(separator: "\n")
            #expect(lines.count == 102 && lines[100] == "… and 50 more")
            #expect(lines.last == "khata: 150 things do not follow from the audit log")
        }
    }

    @Test("compares through a server what that shows, and says what it does not")
    func served() async throws {
        try await TestFile.withFullShop { file in
            let admin = try await Program(on: file).run(["key", "create", "--name", "all", "--role", "admin"])
            try await ServedShop.with(file, key: admin.lines.first.map(String.init)) { shop in
                let sound = try await shop.khata.run(["audit", "verify"])
                #expect(sound.status == 0, "\(sound.errors)")
                #expect(
                    sound.output.contains(
                        "compared: entries 60, levels 4, products 2, stores 3, keys and users 0\nnot compared: "))
                #expect(sound.output.contains("store 3: 7 entries are sound"))
                try file.execute(
                    """
                    update stock_levels set on_hand = 999 where store_id = 1 and product_id = 102;
                    delete from stock_levels where store_id = 2 and product_id = 900;
                    update products set category = null where product_id = 102;
                    update stores set name = 'Elsewhere' where store_id = 4
                    """)
                let found = try await shop.khata.run(["audit", "verify"])
                #expect(found.status == 1)
                #expect(
                    found.errors.split(separator: "\n") == [
                        "product 102: category is none, and \"Grocery\" follows from the log",
                        "store 4: name is \"Elsewhere\", and \"دکان 4\" follows from the log",
                        "store 1, product 102, position 37: on_hand is 999, and 22 follows from the log",
                        "store 2, product 900, position 3: no level is there, and 40 on hand follows from the log",
                        "khata: 4 things do not follow from the audit log",
                    ])
                // Who is limited to some stores does not see the catalog's log.
                let made = try await Program(on: file).run(
                    ["key", "create", "--name", "few", "--role", "manager", "--stores", "4"])
                let key = try #require(made.lines.first.map(String.init))
                let few = Program(environment: shop.khata.environment.merging(["KHATA_API_KEY": key]) { $1 })
                let limited = try await few.run(["audit", "verify"])
                #expect(limited.status == 0, "\(limited.errors)")
                #expect(limited.output.contains("not compared: the names of products and stores"))
                #expect(!limited.output.contains("store 1"))
            }
        }
    }

    @Test("notices the ends of logs that were cut off, of which it has kept the ends", arguments: Place.allCases)
    func heads(place: Place) async throws {
        try await withShop(in: place) { khata, execute in
            try await AnchorFiles.with { files in
                let file = files.anchor
                let (verify, anchor) = (
                    ["audit", "verify", "--heads", file], ["audit", "anchor", file, "--key", files.key]
                )
                let missing = try await khata.run(verify)
                #expect(missing.status == 1 && missing.errors.contains("cannot be read"))
                #expect(try await khata.run(anchor).status == 0)
                let heads = try String(contentsOfFile: file, encoding: .utf8)
                #expect(heads.split(separator: "\n").count == 9)
                #expect(try await khata.run(["move", "in", "102", "1", "--store", "2"]).status == 0)
                for command in [verify, anchor] {
                    let sound = try await khata.run(command)
                    #expect(sound.status == 0 && sound.output.contains("ends of ledgers that were kept 6"))
                }
                let newer = try String(contentsOfFile: file, encoding: .utf8)
                #expect(newer != heads && newer.contains("\n2 7 "))

                try await execute(
                    Self.withoutTriggers(
                        of: ["movements", "audit_log"], in: place,
                        Self.cutStoreOne + "; delete from stores where store_id = 4"))
                let cut = try await khata.run(["audit", "verify", "--store", "1"])
                #expect(cut.status == 0, "\(cut.errors)")
                for command in [verify, anchor] {
                    let noticed = try await khata.run(command)
                    #expect(noticed.status == 1)
                    #expect(
                        noticed.errors.contains(
                            #/store 1, position 31: entries 31 to 37, which were there on 20.*Z, are gone\n/#),
                        "\(noticed.errors)")
                    #expect(noticed.errors.contains("store 4: there is no such store"))
                    #expect(try String(contentsOfFile: file, encoding: .utf8) == newer)
                }
                // Another history, as long as the one that was there.
                for _ in 0..<7 { #expect(try await khata.run(["move", "in", "102", "1"]).status == 0) }
                let other = try await khata.run(verify + ["--store", "1"])
                #expect(other.errors.contains("store 1, position 1: entries 1 to 37, which were there on"))
                #expect(other.errors.contains("are gone or were changed"))

                for lines in [0, 1, 4, 6] {
                    let part = newer.split(separator: "\n").prefix(lines).joined(separator: "\n") + "\n"
                    try part.write(toFile: file, atomically: true, encoding: .utf8)
                    let cut = try await khata.run(verify)
                    #expect(cut.status == 1 && cut.errors.contains("is not whole"))
                }
                try "1 2 3".write(toFile: file, atomically: true, encoding: .utf8)
                let malformed = try await khata.run(verify)
                #expect(malformed.status == 1 && malformed.errors.contains("line 1: this is no store"))
            }
        }
    }

    @Test("finds each key and user that is not what the log says", arguments: Place.allCases)
    func credentials(place: Place) async throws {
        let changes: [(sql: String, told: String)] = [
            (
                "update api_keys set role = 'admin', stores = null where name = 'key 1'",
                #", position 2: role is "admin", and "clerk" follows from the log"#
            ),
            ("", ", position 2: stores is none, and [1,4] follows from the log"),
            ("update api_keys set expires_at = null where name = 'key 1'", ", position 2: expires_at is none, and "),
            ("update api_keys set revoked_at = null where name = 'key 0'", ", position 4: revoked_at is none, and "),
            (
                "update api_keys set secret_hash = (select secret_hash from api_keys where name = 'key 0') "
                    + "where name = 'key 2'", ", position 3: secret_digest is "
            ),
            (
                "insert into api_keys (id, name, role, secret_hash, created_at) "
                    + "select 'ffffffffffff', name, role, secret_hash, created_at from api_keys where name = 'key 2'",
                "key:ffffffffffff: it is there, and the log does not know it"
            ),
            ("delete from users where name = 'ben'", "user:ben, position 7: it is not there, and the log knows it"),
            (
                "update users set password_hash = 'known', role = 'admin' where name = 'ana'",
                #"user:ana, position 5: role is "admin", and "clerk" follows from the log"#
            ),
            ("", "user:ana, position 5: secret_digest is "),
        ]
        try await withShop(in: place) { khata, execute in
            let sql = changes.map(\.sql).filter { !$0.isEmpty }.joined(separator: ";")
            try await execute(Self.withoutTriggers(of: ["api_keys", "users"], in: place, sql))
            let found = try await khata.run(["audit", "verify"])
            #expect(found.status == 1)
            for change in changes { #expect(found.errors.contains(change.told), "\(change.told) in \(found.errors)") }
            #expect(found.errors.split(separator: "\n").count == changes.count + 1, "\(found.errors)")
        }
    }

    @Test("notices that the end of the log of keys and users was cut off", arguments: Place.allCases)
    func cutCredentials(place: Place) async throws {
        try await withShop(in: place) { khata, execute in
            try await AnchorFiles.with { files in
                #expect(try await khata.run(["audit", "anchor", files.anchor, "--key", files.key]).status == 0)
                try await execute(
                    Self.withoutTriggers(
                        of: ["credential_log", "webhooks"], in: place,
                        "delete from credential_log where position = 8; delete from webhooks"))
                let cut = try await khata.run(["audit", "verify"])
                #expect(cut.status == 0, "\(cut.errors)")
                let noticed = try await khata.run(["audit", "verify", "--heads", files.anchor])
                #expect(noticed.status == 1)
                #expect(noticed.errors.contains("keys and users, position 8: entry 8, which was there on "))
            }
        }
    }

    @Test("reports what the database lacks that protects history, and signs nothing then")
    func protection() async throws {
        try await withShop(in: .database) { khata, execute in
            try await AnchorFiles.with { files in
                try await execute(
                    """
                    alter table audit_log disable trigger append_only;
                    grant update on stock_levels to khata_serve
                    """)
                let found = try await khata.run(["audit", "verify"])
                #expect(found.status == 1)
                #expect(
                    found.errors.split(separator: "\n") == [
                        "the trigger append_only on audit_log is disabled",
                        "the database role khata_serve has UPDATE on stock_levels",
                        "khata: the database does not protect history as the migration set it up",
                    ])
                let json = try await khata.run(["audit", "verify", "--json"])
                #expect(json.output.hasPrefix(#"{"is_sound":false,"#))
                #expect(
                    json.output.contains(#""protection_defects":["the trigger append_only on audit_log is disabled","#))
                let refused = try await khata.run(["audit", "anchor", files.anchor, "--key", files.key])
                #expect(refused.status == 1 && !FileManager.default.fileExists(atPath: files.anchor))
            }
        }
    }

    /// In PostgreSQL, they are enabled again.
    private static func withoutTriggers(of tables: [String], in place: Place, _ sql: String) -> String {
        func alter(_ what: String) -> String {
            tables.map { "alter table \($0) \(what) trigger user" }.joined(separator: ";")
        }
        guard place == .file else { return "\(alter("disable")); \(sql); \(alter("enable"))" }
        let triggers = [
            "movements": ["movements_are_not_deleted"], "audit_log": ["audit_log_is_not_deleted"],
            "api_keys": ["api_keys_are_inserted_with_entry", "api_keys_are_updated_with_entry"],
            "users": ["users_are_updated_with_entry"], "credential_log": ["credential_log_is_not_deleted"],
        ]
        return tables.flatMap { triggers[$0] ?? [] }.map { "drop trigger \($0);" }.joined() + sql
    }

    /// With all that follows from it.
    private static let cutStoreOne = """
        delete from movements where store_id = 1 and position > 30;
        delete from audit_log where store_id = 1 and position > 30;
        update stores set position = 30,
            audit_head = (select hash from audit_log where store_id = 1 and position = 30),
            recorded_at = (select recorded_at from audit_log where store_id = 1 and position = 30)
        where store_id = 1;
        delete from stock_levels where store_id = 1;
        insert into stock_levels
        select store_id, product_id, on_hand_after, position, recorded_at from movements m
        where store_id = 1 and position = (
            select max(position) from movements where store_id = 1 and product_id = m.product_id)
        """
}
