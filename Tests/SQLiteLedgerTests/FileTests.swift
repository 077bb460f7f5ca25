import Foundation
import GRDB
import Inventory
import InventoryTesting
import LedgerTesting
import Testing

@testable import SQLiteLedger

@Suite("The file")
struct FileTests {
    /// The error that opening the file meets, having checked that it left the file alone.
    private func error(_ file: TestFile, _ opening: SQLiteLedger.Opening = .upToDate) async throws -> String {
        let before = try file.contents
        let error = await #expect(throws: LedgerFileError.self) { try await file.withLedger(opening) { _ in } }
        #expect(try file.contents == before)
        return error?.description ?? ""
    }

    @Test("has an index for the audit log of an actor")
    func auditOfActor() async throws {
        try await TestFile.withShop { file in
            let plan = try DatabaseQueue(path: file.path).read { database in
                try Row.fetchAll(
                    database, sql: "explain query plan \(SQLiteLedger.auditOfActor)",
                    arguments: [1, 0, 9, 5, nil, "key:a"])
            }
            #expect(
                plan.map { $0["detail"] as String } == [
                    "SEARCH audit_log USING INDEX audit_log_by_actor "
                        + "(actor=? AND store_id=? AND position>? AND position<?)"
                ])
        }
    }

    @Test("is made once, and has what was recorded when it is opened again")
    func reopened() async throws {
        try await TestFile.withShop { file in
            try await file.withLedger { ledger in
                _ = try await ledger.record(.stockIn(3), .testing)
                _ = try await ledger.onHand()
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: file.folder.path()) == ["shop.khata"])
            let onHand = try await file.withLedger(.asItIs) { ledger in try await ledger.onHand() }
            #expect(onHand == 3)
            #expect(try file.texts("pragma application_id") == ["\(0x4B68_6174)"])
            #expect(try file.texts("pragma user_version") == ["\(SQLiteLedger.schemaVersion)"])
        }
    }

    @Test("gives every reader what any writer acknowledged before the read")
    func current() async throws {
        try await TestFile.withShop { file in
            try await file.withLedger { writer in
                try await file.withLedger(.asItIs) { reader in
                    for units in Int64(1)...20 {
                        _ = try await writer.record(.stockIn(1), .testing)
                        let level = try await reader.level(.sugarInOne, Freshness())
                        #expect(level.value.onHand == units)
                    }
                }
            }
        }
    }

    @Test("that is renamed while it is open takes nothing more, and keeps all that it has")
    func displaced() async throws {
        try await TestFile.withShop { file in
            let away = file.path + ".away"
            try await file.withLedger { ledger in
                _ = try await ledger.record(.stockIn(3), .testing)
                try FileManager.default.moveItem(atPath: file.path, toPath: away)
                await #expect {
                    try await ledger.record(.stockIn(1), .testing)
                } throws: { error in
                    if case LedgerError.unavailable = error { true } else { false }
                }
                #expect(await ledger.health().first?.output?.contains("renamed") == true)
                #expect(await !ledger.isReady())
                try FileManager.default.moveItem(atPath: away, toPath: file.path)
                #expect(await ledger.health().first?.status == .pass, "before anything is written")
                _ = try await ledger.record(.stockIn(2), .testing)
                #expect(await ledger.health().first?.status == .pass)
                try FileManager.default.moveItem(atPath: file.path, toPath: away)
            }
            #expect(!FileManager.default.fileExists(atPath: file.path))
            try FileManager.default.moveItem(atPath: away, toPath: file.path)
            #expect(try await file.withLedger(.asItIs) { try await $0.onHand() } == 5)
        }
    }

    @Test("another one in its place is left alone when it is closed, and so is the log")
    func replaced() async throws {
        try await TestFile.withShop { file in
            let (away, log) = (file.path + ".away", file.path + "-wal")
            try await file.withLedger { ledger in
                _ = try await ledger.record(.stockIn(3), .testing)
                try FileManager.default.moveItem(atPath: file.path, toPath: away)
                try Data().write(to: URL(filePath: file.path))
            }
            #expect(try file.contents.isEmpty)
            try FileManager.default.removeItem(atPath: file.path)
            #expect(try await error(ofMissing: file).contains("\(log) does"))
            try FileManager.default.moveItem(atPath: away, toPath: file.path)
            #expect(try await file.withLedger(.asItIs) { try await $0.onHand() } == 3)
        }
    }

    private func error(ofMissing file: TestFile) async throws -> String {
        let error = await #expect(throws: LedgerFileError.self) { try await file.withLedger { _ in } }
        #expect(!FileManager.default.fileExists(atPath: file.path))
        return error?.description ?? ""
    }

    @Test("health and credentials do not wait for long reads", .timeLimit(.minutes(5)))
    func lookups() async throws {
        try await TestFile.withShop { file in
            var limits = LedgerFileLimits()
            limits.readers = 1
            try await file.withLedger(limits: limits) { ledger in
                let (reading, isReading) = AsyncStream.makeStream(of: Void.self)
                let mayEnd = DispatchSemaphore(value: 0)
                async let long: Void = ledger.reader.run { _ in
                    isReading.yield()
                    mayEnd.wait()
                }
                for await _ in reading { break }
                #expect(await ledger.health().first?.status == .pass)
                #expect(try await ledger.apiKey("nobody") == nil)
                mayEnd.signal()
                try await long
            }
        }
    }

    @Test("its commits are on the disk before anyone is answered")
    func durability() async throws {
        try await TestFile.withShop { file in
            try await file.withLedger { ledger in
                let settings = try await ledger.database.writeWithoutTransaction { database in
                    try ["pragma synchronous", "pragma journal_mode"].map {
                        try String.fetchOne(database, sql: $0)
                    }
                }
                #expect(settings == ["2", "wal"])
            }
        }
    }

    @Test("that is new is its owner's alone, and so are those beside it")
    func permissions() async throws {
        try await TestFile.with { file in
            try await file.withLedger { _ in
                for suffix in ["", "-wal", "-shm"] {
                    let attributes = try FileManager.default.attributesOfItem(atPath: file.path + suffix)
                    #expect(attributes[.posixPermissions] as? Int == 0o600)
                }
            }
        }
    }

    @Test("that is missing is not made unless that was asked for")
    func missing() async throws {
        try await TestFile.with { file in
            await #expect(throws: LedgerFileError.self) { try await file.withLedger(.asItIs) { _ in } }
            #expect(!FileManager.default.fileExists(atPath: file.path))
        }
    }

    @Test("that is empty is a new one; as it is, it cannot be used")
    func empty() async throws {
        try await TestFile.with { file in
            try Data().write(to: URL(filePath: file.path))
            #expect(try await error(file, .asItIs).contains("run `khata migrate`"))
            try await file.withLedger { ledger in
                let stores = try await ledger.stores(StoreQuery(), Freshness()).value.items
                #expect(stores.isEmpty)
            }
        }
    }

    @Test("in a folder that is missing cannot be opened, and the error names it")
    func missingFolder() async throws {
        await #expect {
            try await SQLiteLedger.open("/nowhere/shop.khata", .upToDate, observer: IgnoringFileObserver())
        } throws: { error in
            "\(error)".hasPrefix("/nowhere/shop.khata cannot be opened: unable to open database file")
        }
    }

    @Test("of a newer version is refused")
    func newer() async throws {
        try await TestFile.withShop { file in
            try file.execute("pragma user_version = \(SQLiteLedger.schemaVersion + 1)")
            #expect(try await error(file).contains("use the newer program"))
        }
    }

    @Test("of another program is refused", arguments: ["create table t (x)", "pragma application_id = 7"])
    func foreign(sql: String) async throws {
        try await TestFile.with { file in
            try file.execute(sql)
            #expect(try await error(file).contains("database of another program"))
        }
    }

    @Test("that is no database is refused")
    func notADatabase() async throws {
        try await TestFile.with { file in
            try Data(String(repeating: "milk, eggs, bread\n", count: 1_000).utf8).write(to: URL(filePath: file.path))
            #expect(try await error(file).contains("is not a database"))
        }
    }

    @Test(
        "history cannot be changed", arguments: ["movements", "audit_log"],
        [
            "update %@ set recorded_at = 0", "delete from %@", "insert or replace into %@ select * from %@",
            "insert into %@ select * from %@ where true on conflict do update set recorded_at = 0",
        ])
    func appendOnly(table: String, sql: String) async throws {
        try await TestFile.withShop { file in
            try await file.withLedger { ledger in _ = try await ledger.record(.stockIn(1), .testing) }
            let before = try file.texts("select recorded_at from \(table)")
            #expect {
                try file.execute(sql.replacing("%@", with: table))
            } throws: { error in
                "\(error)".contains("append-only")
            }
            #expect(try file.texts("select recorded_at from \(table)") == before)
        }
    }

    @Test(
        "the database itself refuses stock below zero",
        arguments: [
            "insert into stock_levels values (1, 102, -1, 1, 0)",
            "insert into movements (store_id, position, product_id, type, quantity, on_hand_after, recorded_at) "
                + "values (1, 1, 102, 'sale', 1, -1, 0)",
            "insert into movements (store_id, position, product_id, type, quantity, on_hand_after, recorded_at) "
                + "values (1, 1, 102, 'sale', 0, 1, 0)",
        ])
    func constraints(sql: String) async throws {
        try await TestFile.withShop { file in
            #expect {
                try file.execute(sql)
            } throws: { error in
                (error as? DatabaseError)?.extendedResultCode == .SQLITE_CONSTRAINT_CHECK
            }
        }
    }
}
