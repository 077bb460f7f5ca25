import Access
import Foundation
import Inventory
import LedgerTesting
import NIOCore
import NIOPosix
import SQLiteLedger
import Testing

@Suite("khata --sqlite")
struct FileCommandTests {
    @Test("the first start makes a store and an admin key, which no other start shows")
    func firstStart() async throws {
        try await TestFile.with { file in
            let khata = Program(on: file)
            let serve = ["serve", "--port", "0", "--ops-port", "0"]
            let first = try await khata.run(serve, until: "Try: ")
            #expect(first.status == 0, "\(first.errors)")
            let key = try #require(first.lines.first?.split(separator: " ").last.flatMap { APIKey($0) })
            #expect(first.lines.last?.contains("Bearer \(key.token)") == true)

            let second = try await khata.run(serve, until: "Try: ")
            #expect(second.status == 0, "\(second.errors)")
            #expect(second.lines.count == 1 && !second.output.contains("khata_"))

            try await file.withLedger(.asItIs) { ledger in
                let keys = try await ledger.apiKeys(after: nil, limit: 10).items
                #expect(keys.map(\.id) == [key.id])
                #expect(keys.map(\.secretHash) == [key.secretHash])
                #expect(keys.map(\.grant) == [Grant(role: .admin)])
                let stores = try await ledger.stores(StoreQuery(), Freshness()).value.items
                #expect(stores.map(\.id) == [StoreID(rawValue: 1)])
            }
        }
    }

    @Test("a port that is taken ends the start, and it is said what to do")
    func takenPort() async throws {
        let holder = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = "\(try #require(holder.localAddress?.port))"
        try await TestFile.with { file in
            for arguments in [["--port", port, "--ops-port", "0"], ["--port", "0", "--ops-port", port]] {
                let outcome = try await Program(on: file).run(["serve"] + arguments)
                #expect(outcome.status == 1)
                #expect(outcome.errors.contains("a port is taken: set port and ops.port"))
            }
        }
        try await holder.close()
    }

    @Test("a setting that is wrong leaves nobody without a key")
    func wrongSetting() async throws {
        try await TestFile.with { file in
            let wrong = [
                "KHATA_JWT_HS256_SECRET": "short", "KHATA_JWT_ISSUER": "https://issuer.example",
                "KHATA_JWT_AUDIENCE": "khata",
            ]
            let serve = ["serve", "--port", "0", "--ops-port", "0"]
            let refused = try await Program(on: file, wrong).run(serve)
            #expect(refused.status == 3 && refused.output.isEmpty)
            let mended = try await Program(on: file).run(serve, until: "Try: ")
            #expect(mended.lines.first?.hasPrefix("Admin key, shown this once: khata_") == true)
        }
    }

    @Test("a shop is backed up and restored; what it replaces is kept")
    func backup() async throws {
        try await TestFile.with { file in
            let khata = Program(on: file)
            _ = try await khata.run(["serve", "--port", "0", "--ops-port", "0"], until: "Try: ")
            let copy = file.folder.appending(path: "copy").path()
            let backup = try await khata.run(["backup", copy])
            #expect(backup.status == 0, "\(backup.errors)")
            // Of the store and of the admin key.
            #expect(backup.output.contains("copy has 2 entries"))
            #expect(try await khata.run(["product", "add", "Sugar"]).status == 0)

            let refused = try await khata.run(["restore", copy])
            #expect(refused.status == 1 && refused.errors.contains("--replace"))
            let restored = try await khata.run(["restore", copy, "--replace"])
            #expect(restored.status == 0, "\(restored.errors)")
            #expect(try await khata.run(["stock"]).output.contains("Sugar") == false)
            let kept = try #require(
                try FileManager.default.contentsOfDirectory(atPath: file.folder.path()).first {
                    $0.hasPrefix("shop.khata.replaced-")
                })
            let before = Program(on: file, ["KHATA_SQLITE_FILE": file.folder.appending(path: kept).path()])
            #expect(try await before.run(["product", "list"]).output.contains("Sugar"))

            let elsewhere = try await Program(on: file, ["KHATA_PRIMARY_URL": "postgresql://localhost/khata"]).run(
                ["backup", copy])
            #expect(elsewhere.status != 0)

            // In the folder where the program runs.
            let name = String(UInt8.random(in: 0...9))
            let short = try await Program(on: file).run(["backup", name])
            #expect(short.status == 0, "\(short.errors)")
            try FileManager.default.removeItem(at: FileManager.default.temporaryDirectory.appending(path: name))
        }
    }

    @Test("keys and users are managed in the file")
    func credentials() async throws {
        try await TestFile.with { file in
            let khata = Program(on: file)
            let early = try await khata.run(["key", "list"])
            #expect(early.status == 1 && early.errors.contains("khata migrate"))
            #expect(try await khata.run(["migrate"]).status == 0)

            let created = try await khata.run([
                "key", "create", "--name", "till 3", "--role", "clerk", "--stores", "2,1",
            ])
            #expect(created.status == 0, "\(created.errors)")
            let key = try #require(created.lines.first.flatMap { APIKey($0) })
            #expect(try await khata.run(["key", "revoke", key.id]).status == 0)
            #expect(try await khata.run(["key", "revoke", "000000000000"]).errors.contains("no key 000000000000"))
            let keys = try await khata.run(["key", "list", "--json"]).output
            #expect(keys.contains(#""stores":[1,2]"#) && keys.contains(#""revoked_at":"2"#))

            let user = ["user", "create", "ana.b", "--role", "manager", "--stores", "3"]
            #expect(try await khata.run(user, input: "correct horse\n").status == 0)
            let again = try await khata.run(user, input: "correct horse\n")
            #expect(again.status == 1 && again.errors.contains("already"))
            #expect(try await khata.run(["user", "disable", "ana.b"]).status == 0)
            #expect(try await khata.run(["user", "disable", "eve"]).status == 1)
            let users = try await khata.run(["user", "list", "--json"]).output
            #expect(users.contains(#""stores":[3]"#) && users.contains(#""disabled_at":"2"#))
        }
    }

    @Test("a shop is run, and its files come and go, without a server")
    func shop() async throws {
        try await TestFile.with { file in
            let khata = Program(on: file)
            let early = try await khata.run(["stock"])
            #expect(early.status == 1 && early.errors.contains("khata migrate"))
            #expect(try await khata.run(["migrate"]).status == 0)
            for command in [
                ["store", "add", "Anarkali", "--id", "1"], ["product", "add", "Caf\u{E9} 200g"],
                ["move", "in", "CAFE\u{301} 200G", "5"], ["move", "sale", "caf\u{E9} 200g", "2"],
            ] {
                let done = try await khata.run(command)
                #expect(done.status == 0, "\(command): \(done.errors)")
            }
            let oversold = try await khata.run(["move", "sale", "caf\u{E9} 200g", "4"])
            #expect(oversold.status == 1 && oversold.errors.contains("There are only 3"))
            #expect(try await khata.run(["stock", "--json"]).output.contains(#""on_hand":3"#))
            let health = try await khata.run(["health"])
            #expect(health.status == 0 && health.output.contains("webhooks:parked"))

            let exported = try await khata.run(["export", "movements"])
            #expect(
                exported.status == 0 && exported.output.split(whereSeparator: \.isNewline).count == 3,
                "\(exported.errors)")
            let table = file.path + ".csv"
            try "store_id,name,movement_type,quantity\n1,Caf\u{E9} 200g,IN,7\n"
                .write(toFile: table, atomically: true, encoding: .utf8)
            for expected in ["1 new", "1 there already"] {
                let imported = try await khata.run(["import", table])
                #expect(imported.status == 0 && imported.output.contains(expected), "\(imported.errors)")
            }
            #expect(try await khata.run(["stock", "--json"]).output.contains(#""on_hand":10"#))
            #expect(try await khata.run(["audit", "verify"]).status == 0)
        }
    }

    @Test("a damaged file is named by every command, and left as it is")
    func damaged() async throws {
        try await TestFile.with { file in
            let khata = Program(on: file)
            #expect(try await khata.run(["migrate"]).status == 0)
            let url = URL(filePath: file.path)
            var contents = try Data(contentsOf: url)
            // Its second page; the first has the header.
            contents.replaceSubrange(4_096..<8_192, with: Data(repeating: 0xA5, count: 4_096))
            try contents.write(to: url)
            let serve = ["serve", "--port", "0", "--ops-port", "0"]
            for command in [
                ["stock"], ["move", "in", "1", "1"], ["health"], ["audit", "verify"], ["export", "stock"], serve,
            ] {
                let refused = try await khata.run(command)
                #expect(refused.status == 1 && refused.errors.contains("\(file.path) is damaged"), "\(command)")
                #expect(try Data(contentsOf: url) == contents, "\(command)")
            }
            let checked = try await khata.run(["config", "check"])
            #expect(checked.status == 3 && checked.errors.contains("\(file.path) is damaged"))
        }
    }

    @Test("servers beside a file are refused, and so is what needs them")
    func servers() async throws {
        try await TestFile.with { file in
            for key in ["KHATA_PRIMARY_URL", "KHATA_REPLICA_URL", "KHATA_REDIS_URL"] {
                let refused = try await Program(on: file, [key: "redis://localhost"]).run(["serve"])
                #expect(refused.status == 3 && refused.errors.contains("sqlite.file and"), "\(key)")
            }
            let warm = try await Program(on: file).run(["cache", "warm"])
            #expect(warm.status == 3 && warm.errors.contains("a ledger in a file has no cache"))
        }
    }
}
