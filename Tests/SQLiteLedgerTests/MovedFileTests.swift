import GRDB
import Inventory
import InventoryTesting
import LedgerTesting
import SQLiteLedger
import Testing

@Suite("A file whose ledger is moved")
struct MovedFileTests {
    private static let destination = LedgerDestination(
        name: "khata@db1/khata", identity: "1/khata", movedAt: Timestamp(microseconds: 1))

    @Test("takes no change while it is held, and goes on when it is let go")
    func held() async throws {
        try await TestFile.withShop { file in
            var limits = LedgerFileLimits()
            limits.lockTimeout = .milliseconds(100)
            try await file.withLedger(limits: limits) { ledger in
                let hold = try await ledger.hold()
                await #expect {
                    try await ledger.record(.stockIn(1), .testing)
                } throws: { error in
                    if case LedgerError.overloaded = error { true } else { false }
                }
                let second = await #expect(throws: LedgerFileError.self) {
                    _ = try await ledger.hold(for: .milliseconds(100))
                }
                #expect(second?.description.contains("being written to by another process") == true)
                #expect(try await ledger.onHand() == 0)
                await hold.release()
                _ = try await ledger.record(.stockIn(1), .testing)
                #expect(try await ledger.destination() == nil)
            }
        }
    }

    @Test("says where it went to who records in it, also to who had it open before, and can be read")
    func moved() async throws {
        try await TestFile.withShop { file in
            try await file.withLedger { ledger in
                _ = try await ledger.record(.stockIn(3), .testing)
                #expect(await ledger.isReady())
                try await file.withLedger(.asItIs) { mover in
                    let hold = try await mover.hold()
                    try hold.close(Self.destination)
                    await hold.release()
                }
                for change in [
                    { _ = try await ledger.record(.stockIn(1), .testing) },
                    { _ = try await ledger.change(.addProduct(named: "Salt"), .testing) },
                    { try await ledger.noteUses(["a": .now]) },
                ] as [@Sendable () async throws -> Void] {
                    await #expect {
                        try await change()
                    } throws: { error in
                        if case LedgerError.moved(to: "khata@db1/khata") = error { true } else { false }
                    }
                }
                #expect(try await ledger.onHand() == 3)
                #expect(try await ledger.destination() == Self.destination)
                #expect(await !ledger.isReady())
                #expect(await ledger.health().map(\.output) == ["no writes: the ledger was moved to another place"])
            }
        }
    }

    @Test("is closed to other programs, too, and cannot be moved to a second place")
    func closed() async throws {
        try await TestFile.withShop { file in
            try await file.withLedger { ledger in
                let hold = try await ledger.hold()
                try hold.close(Self.destination)
                await hold.release()
            }
            #expect {
                try file.execute("insert into audit_log values (1, 1, 0, 'a', 'sale', 'r', '{}', zeroblob(32))")
            } throws: { error in
                "\(error)".contains("the ledger was moved")
            }
            #expect(throws: DatabaseError.self) { try file.execute("insert into moved values ('b', 'b', 0)") }
        }
    }

    @Test("a file of an earlier version is brought up to date, and not used as it is")
    func olderVersion() async throws {
        try await TestFile.withShop { file in
            try await file.withLedger { ledger in _ = try await ledger.record(.stockIn(3), .testing) }
            try file.execute(
                """
                drop index audit_log_by_actor; drop index audit_log_of_imports; drop trigger audit_log_is_closed;
                drop table moved; drop table subscriptions; drop table subscription_cursors; drop table webhooks;
                drop table reconciliations;
                drop table webhook_deliveries;
                drop trigger api_keys_are_inserted_with_entry; drop trigger api_keys_are_updated_with_entry;
                drop trigger users_are_inserted_with_entry; drop trigger users_are_updated_with_entry;
                alter table api_keys drop column version; alter table users drop column version;
                drop table credential_log;
                insert into api_keys (id, name, role, secret_hash, created_at) values ('k', 'k', 'admin', zeroblob(32), 0);
                insert into users (name, password_hash, role, created_at) values ('ana', '', 'clerk', 0);
                pragma user_version = 1
                """)
            await #expect {
                try await file.withLedger(.asItIs) { _ in }
            } throws: { error in
                "\(error)".contains("is at version 1, and this program needs \(SQLiteLedger.schemaVersion)")
            }
            try await file.withLedger { ledger in
                let (onHand, destination) = (try await ledger.onHand(), try await ledger.destination())
                #expect(onHand == 3 && destination == nil)
                let log = try await ledger.credentialLog(after: .zero, limit: 10).entries
                #expect(log.map(\.action) == [.keyExisted, .userExisted])
                #expect(try await LedgerVerification(ledger).verify(.credentials).differences.first == [])
            }
            // As an earlier program does it that had the file open.
            for change in [
                "insert into api_keys (id, name, role, secret_hash, created_at) values ('l', 'l', 'admin', zeroblob(32), 0)",
                "update api_keys set revoked_at = 1", "update users set disabled_at = 1",
                "insert into users (name, password_hash, role, created_at) values ('eve', '', 'admin', 0)",
            ] {
                #expect {
                    try file.execute(change)
                } throws: { error in
                    "\(error)".contains("only with an entry in credential_log")
                }
            }
            try file.execute("update api_keys set last_used_at = 1")
        }
    }
}
