import Access
import Foundation
import Inventory
import LedgerTesting
import PostgresLedger
import Testing

@Suite("khata key")
struct KeyCommandTests {
    @Test("a key is created, listed and revoked")
    func lifecycle() async throws {
        try await TestDatabase.with { database in
            let khata = Program(on: database)
            let plain = try await khata.run(["key", "create", "--name", "till 3", "--role", "clerk", "--never"])
            #expect(plain.status == 0, "\(plain.errors)")
            let token = try #require(plain.lines.first)
            let key = try #require(APIKey(token))
            #expect(plain.lines.count == 1)
            let json = try await khata.run([
                "key", "create", "--name", "b\u{6C}ue", "--role", "admin", "--stores", "2,1", "--expires-at",
                "2100-01-01T00:00:00Z", "--reads-per-second", "5", "--writes-per-second", "7", "--json",
            ])
            let made = try #require(
                try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
            #expect(made["name"] as? String == "blue")
            #expect(made["stores"] as? [Int] == [1, 2])
            #expect(made["reads_per_second"] as? Int == 5)
            #expect(made["writes_per_second"] as? Int == 7)
            #expect(made["expires_at"] as? String == "2100-01-01T00:00:00.000000Z")
            #expect((made["key"] as? String).flatMap { APIKey($0) }?.id == made["id"] as? String)
            let stored = try await database.withLedger { ledger in try await ledger.apiKey(key.id) }
            #expect(stored?.secretHash == key.secretHash)
            #expect(stored?.expiresAt == nil)

            for _ in 0..<2 { #expect(try await khata.run(["key", "revoke", key.id]).status == 0) }
            let unknown = try await khata.run(["key", "revoke", "000000000000"])
            #expect(unknown.status == 1)
            #expect(unknown.errors.contains("no key 000000000000"))

            let table = try await khata.run(["key", "list"])
            #expect(table.status == 0)
            #expect(table.lines.count == 3)
            let columns = try ["till 3", "clerk", "all", "never"].map { try #require(table.lines[1].range(of: $0)) }
            let header = try ["NAME", "ROLE", "STORES", "EXPIRES"].map { try #require(table.lines[0].range(of: $0)) }
            for (column, name) in zip(columns, header) {
                #expect(
                    table.lines[1].distance(from: table.lines[1].startIndex, to: column.lowerBound)
                        == table.lines[0].distance(from: table.lines[0].startIndex, to: name.lowerBound))
            }
            #expect(table.lines[2].contains("1,2"))
            let list = try await khata.run(["key", "list", "--json"])
            for output in [table.output, list.output] {
                #expect(!output.contains("khata_") && !output.contains(key.token.suffix(28)))
            }
            let items =
                try (JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [String: Any])?["items"]
                as? [[String: Any]]
            #expect(items?.map { $0["name"] as? String } == ["till 3", "blue"])
            #expect(items?[0]["revoked_at"] is String)
        }
    }

    @Test("a key is rotated: the new one may do the same, and the old one is valid for some time more")
    func rotation() async throws {
        try await TestDatabase.with { database in
            let khata = Program(on: database)
            let made = try await khata.run(["key", "create", "--name", "till", "--role", "clerk", "--stores", "2"])
            let old = try #require(made.lines.first.flatMap { APIKey($0) })
            let rotated = try await khata.run(["key", "rotate", old.id, "--overlap-hours", "1"])
            let new = try #require(rotated.lines.first.flatMap { APIKey($0) }, "\(rotated.errors)")
            let (before, after) = try await database.withLedger { ledger in
                (try #require(try await ledger.apiKey(old.id)), try #require(try await ledger.apiKey(new.id)))
            }
            #expect(before.grant == after.grant && before.name == after.name)
            let left = try #require(before.expiresAt).microseconds - Timestamp.now.microseconds
            #expect((3_500_000_000...3_600_000_000).contains(left))
            #expect(try #require(after.expiresAt) > .now)
            // Again at once: the old one's time does not grow.
            #expect(try await khata.run(["key", "rotate", old.id, "--overlap-hours", "0"]).status == 0)
            let gone = try await khata.run(["key", "rotate", old.id])
            #expect(gone.status == 1 && gone.errors.contains("no valid key"))
            #expect(try await khata.run(["audit", "verify"]).status == 0)
        }
    }

    @Test("who creates, rotates and revokes a key is logged, in a database and in a file")
    func log() async throws {
        func check(_ khata: Program) async throws {
            let made = try await khata.run(["key", "create", "--name", "till", "--role", "clerk"])
            let key = try #require(made.lines.first.flatMap { APIKey($0) })
            let rotated = try await khata.run(["key", "rotate", key.id])
            let revoked = try await khata.run(["key", "revoke", key.id])
            let outcomes = [
                (made, "key-created"), (rotated, "key-created"), (rotated, "key-rotated"), (revoked, "key-revoked"),
            ]
            for (outcome, event) in outcomes {
                let line = outcome.errors.split(separator: "\n").first { $0.contains("event=\(event)") }
                for word in ["actor=cli:\(NSUserName())", "role=clerk", "subject=key:", "request_id=cli-"] {
                    #expect(line?.contains(word) == true, "\(outcome.errors)")
                }
                #expect(!outcome.errors.contains(outcome.lines.first?.suffix(28) ?? "-"), "the secret is not logged")
            }
            #expect(revoked.errors.contains("an API key was revoked") && revoked.errors.contains(key.id))
        }
        try await TestDatabase.with { try await check(Program(on: $0)) }
        try await TestFile.with { file in
            try await file.withLedger { _ in }
            try await check(Program(on: file))
        }
    }

    @Test("a key expires after a year, or as the settings say")
    func expiry() async throws {
        try await TestDatabase.with { database in
            for (environment, days) in [([:], 365.0), (["KHATA_KEYS_LIFETIME_DAYS": "30"], 30.0)] {
                let made = try await Program(on: database, environment).run(
                    ["key", "create", "--name", "a", "--role", "reader", "--json"])
                let json = try JSONSerialization.jsonObject(with: Data(made.output.utf8)) as? [String: Any]
                let text = try #require(json?["expires_at"] as? String)
                let expiry = try #require(Timestamp(text))
                let left = Double(expiry.microseconds - Timestamp.now.microseconds) / 86_400e6
                #expect((days - 0.1...days).contains(left))
            }
        }
    }

    @Test(
        "what makes no sense is refused",
        arguments: [
            (["--role", "owner"], 2), (["--role", "reader", "--stores", "0"], 2),
            (["--role", "reader", "--stores", "1,1"], 2), (["--role", "reader", "--stores", "1,"], 2),
            (["--role", "reader", "--reads-per-second", "0"], 2), (["--role", "reader", "--expires-at", "soon"], 2),
            (["--role", "reader", "--expires-at", "2020-01-01T00:00:00Z"], 1),
            (["--role", "reader", "--expires-at", "2100-01-01T00:00:00Z", "--never"], 2),
        ] as [([String], Int32)])
    func refused(arguments: [String], status: Int32) async throws {
        try await TestDatabase.with { database in
            let outcome = try await Program(on: database).run(["key", "create", "--name", "a"] + arguments)
            #expect(outcome.status == status)
            #expect(!outcome.errors.isEmpty)
            #expect(try await database.integers("select count(*) from api_keys") == [0])
        }
    }
}
