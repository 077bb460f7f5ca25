import Access
import Authentication
import Foundation
import LedgerTesting
import PostgresLedger
import Testing

@Suite("khata user")
struct UserCommandTests {
    @Test("a user is created with the password of standard input's first line, listed and disabled")
    func lifecycle() async throws {
        try await TestDatabase.with { database in
            let khata = Program(on: database)
            let created = try await khata.run(
                ["user", "create", "ana.b", "--role", "manager", "--stores", "3"], input: "correct horse\nmore\n")
            #expect(created.status == 0, "\(created.errors)")
            #expect(!created.output.contains("horse"))
            let again = try await khata.run(["user", "create", "ana.b", "--role", "reader"], input: "correct horse\n")
            #expect(again.status == 1)
            #expect(again.errors.contains("already"))
            let list = try await khata.run(["user", "list"])
            #expect(list.lines.count == 2)
            #expect(list.lines[1].contains("manager  3"))
            #expect(!list.output.contains("$scrypt$"))
            #expect(try await khata.run(["user", "disable", "ana.b"]).status == 0)
            #expect(try await khata.run(["user", "disable", "eve"]).status == 1)
            #expect(try await khata.run(["user", "list", "--json"]).output.contains(#""disabled_at":"2"#))
            let name = try #require(UserName("ana.b"))
            let stored = try await database.withLedger { ledger in try await ledger.user(name) }
            #expect(stored?.passwordHash.hasPrefix("$scrypt$ln=14,r=8,p=5$") == true)
        }
    }

    @Test("a password is replaced, and a disabled user enabled")
    func changes() async throws {
        try await TestDatabase.with { database in
            let khata = Program(on: database)
            func stored() async throws -> UserRecord {
                let name = try #require(UserName("ana"))
                return try #require(try await database.withLedger { ledger in try await ledger.user(name) })
            }
            #expect(
                try await khata.run(["user", "create", "ana", "--role", "reader"], input: "correct horse\n").status == 0
            )
            let first = try await stored()
            #expect(try await khata.run(["user", "password", "ana"], input: "Password1234\n").status == 1)
            #expect(try await stored() == first)
            let changed = try await khata.run(["user", "password", "ana"], input: "other horses\n")
            #expect(changed.status == 0, "\(changed.errors)")
            #expect(try await stored().passwordHash != first.passwordHash)
            #expect(try await khata.run(["user", "disable", "ana"]).status == 0)
            #expect(try await stored().disabledAt != nil)
            #expect(try await khata.run(["user", "enable", "ana"]).status == 0)
            #expect(try await stored().disabledAt == nil)
            for arguments in [["user", "enable", "eve"], ["user", "password", "eve"]] {
                let unknown = try await khata.run(arguments, input: "other horses\n")
                #expect(unknown.status == 1 && unknown.errors.contains("no user eve"))
            }
            #expect(try await khata.run(["audit", "verify"]).status == 0)
        }
    }

    @Test("who creates, changes, disables and enables a user is logged")
    func log() async throws {
        try await TestDatabase.with { database in
            let khata = Program(on: database)
            for (arguments, event) in [
                (["create", "ana", "--role", "reader"], "user-created"), (["password", "ana"], "user-password-set"),
                (["disable", "ana"], "user-disabled"), (["enable", "ana"], "user-enabled"),
            ] {
                let outcome = try await khata.run(["user"] + arguments, input: "correct horse\n")
                for word in ["event=\(event)", "subject=user:ana", "actor=cli:\(NSUserName())"] {
                    #expect(outcome.errors.contains(word), "\(outcome.errors)")
                }
                #expect(!outcome.errors.contains("horse"))
            }
        }
    }

    @Test(
        "a password that is too short or common, or a name that is none, is refused",
        arguments: [
            ("ana", "short\n", 1), ("ana", "Password2026!\n", 1), ("batool", "batool123456\n", 1), ("ana", "", 1),
            ("ana", "\n", 1), ("Ana", "correct horse\n", 2),
        ]
            as [(String, String, Int32)])
    func refused(name: String, input: String, status: Int32) async throws {
        try await TestDatabase.with { database in
            let outcome = try await Program(on: database).run(
                ["user", "create", name, "--role", "reader"], input: input)
            #expect(outcome.status == status)
            #expect(try await database.integers("select count(*) from users") == [0])
        }
    }
}
