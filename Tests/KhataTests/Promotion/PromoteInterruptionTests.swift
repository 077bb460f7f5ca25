import Foundation
import Inventory
import LedgerTesting
import PostgresLedger
import SQLiteLedger
import Testing

/// Real processes, stopped and killed where it matters.
@Suite("khata promote, interrupted")
struct PromoteInterruptionTests {
    @Test("killed again and again, each time a part further, it goes on; the shop stays open in the file until the end")
    func killed() async throws {
        try await TestFile.withFullShop(movements: 12_000) { file in
            try await TestDatabase.with { database in
                var copied: [Int64] = [0]
                for place in [StallPoint.movement(100), .movement(5_100), .movement(10_100), .outcomes, .catalog] {
                    try await database.stalling(promote(file, database), at: place) { $0.kill() }
                    try await database.expectClosed()
                    try await file.expectOpen()
                    copied += try await database.integers("select count(*) from movements where store_id = 2")
                }
                // The beginning is there, and never written again.
                #expect(copied[...3] == [0, 0, 5_000, 10_000] && copied[4] > 12_000 && copied[5] > copied[4])
                let promoted = try await file.promote(to: database)
                #expect(promoted.status == 0, "\(promoted.errors)")
                try await file.expectSame(database)
            }
        }
    }

    @Test(
        "killed between the two commits, the file is closed, and the next run finishes what the database did not do",
        arguments: [true, false])
    func killedAtCommit(isLost: Bool) async throws {
        try await TestFile.withFullShop { file in
            try await TestDatabase.with { database in
                try await database.stalling(promote(file, database), at: .commit, terminating: isLost) { $0.kill() }
                let refused = try await Program(on: file).run(["move", "sale", "102", "1"])
                #expect(refused.errors.contains("was moved to"))
                if isLost { try await database.expectClosed() }
                let again = try await file.promote(to: database, "--json")
                #expect(again.status == 0, "\(again.errors)")
                #expect(again.output.contains(#""was_done":\#(!isLost)"#))
                try await file.expectSame(database)
            }
        }
    }

    @Test("the connection is lost at the commit: the message says what to do, and doing it finishes the move")
    func lostAtCommit() async throws {
        try await TestFile.withFullShop { file in
            try await TestDatabase.with { database in
                let program = promote(file, database)
                let outcome = try await database.stalling(program, at: .commit, terminating: true) { _ in }
                #expect(outcome.status == 1 && outcome.errors.contains("Run the same command again to finish it"))
                #expect(try await file.promote(to: database).status == 0)
                try await file.expectSame(database)
            }
        }
    }

    @Test("Ctrl-C ends it between two transactions, with everything as it was")
    func interrupted() async throws {
        try await TestFile.withFullShop(movements: 12_000) { file in
            try await TestDatabase.with { database in
                let outcome = try await database.stalling(promote(file, database), at: .movement(100)) {
                    $0.kill(SIGINT)
                }
                #expect(outcome.status == 1 && outcome.errors.contains("interrupted: the same command goes on"))
                try await database.expectClosed()
                try await file.expectOpen()
                #expect(try await file.promote(to: database).status == 0)
            }
        }
    }

    @Test("what the shop records while its history is copied is moved, too")
    func recordedMeanwhile() async throws {
        try await TestFile.withFullShop { file in
            try await TestDatabase.with { database in
                let outcome = try await database.stalling(promote(file, database), at: .movement(1)) { _ in
                    try await file.withLedger(.asItIs) { ledger in
                        _ = try await ledger.change(.createStore(nil, name: "New"), .clerk(60))
                        _ = try await ledger.record(.moving(.sale, 1, TestFile.sugar), .clerk(60))
                    }
                }
                #expect(outcome.status == 0, "\(outcome.errors)")
                try await file.expectSame(database)
            }
        }
    }

    @Test("while the last part is copied nobody records anything in the file, and everybody can read it")
    func held() async throws {
        try await TestFile.withFullShop { file in
            try await TestDatabase.with { database in
                let outcome = try await database.stalling(promote(file, database), at: .catalog) { _ in
                    var limits = LedgerFileLimits()
                    limits.lockTimeout = .milliseconds(100)
                    try await file.withLedger(.asItIs, limits: limits) { ledger in
                        await #expect {
                            try await ledger.record(.moving(.sale, 1, TestFile.sugar), .clerk(60))
                        } throws: { error in
                            if case LedgerError.overloaded = error { true } else { false }
                        }
                        let destination = try await ledger.destination()
                        #expect(destination == nil)
                    }
                }
                #expect(outcome.status == 0, "\(outcome.errors)")
                try await file.expectSame(database)
            }
        }
    }

    @Test("who writes to the database meanwhile makes it another shop's: the file stays open")
    func writtenMeanwhile() async throws {
        try await TestFile.withFullShop { file in
            try await TestDatabase.with { database in
                let outcome = try await database.stalling(promote(file, database), at: .outcomes) { _ in
                    try await database.withLedger { ledger in
                        _ = try await ledger.change(.createProduct(nil, ProductDetails(name: "Salt")), .clerk(60))
                    }
                }
                #expect(outcome.status == 1 && outcome.errors.contains("somebody else writes to the database"))
                try await file.expectOpen()
                let again = try await file.promote(to: database)
                #expect(again.status == 1 && again.errors.contains("did not come from this file"))
            }
        }
    }

    private func promote(_ file: TestFile, _ database: TestDatabase) -> @Sendable () throws -> RunningProgram {
        {
            try Program(on: file).start(
                ["promote", file.path, database.ownerURL], log: file.folder.appending(path: "promote.log"))
        }
    }
}
