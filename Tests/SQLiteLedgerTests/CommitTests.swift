import Foundation
import GRDB
import Inventory
import InventoryTesting
import LedgerTesting
import Synchronization
import Testing

@testable import SQLiteLedger

/// What a disk that fails does to a commit. One at a time: the faulty disk is one for all.
@Suite("Commits", .serialized)
struct CommitTests {
    private func withFaultyDisk(
        _ limits: LedgerFileLimits = LedgerFileLimits(),
        _ body: @escaping @Sendable (TestFile, SQLiteLedger) async throws -> Void
    ) async throws {
        try await TestFile.withShop { file in
            try await file.withLedger(limits: limits) { ledger in
                _ = try await ledger.record(.stockIn(100), .testing)
                try await ledger.database.writeWithoutTransaction { try FaultyDisk.replaceLog(of: $0) }
                FaultyDisk.asked.store(0, ordering: .relaxed)
                try await body(file, ledger)
                FaultyDisk.failing.store(0, ordering: .relaxed)
            }
            _ = try await file.soundMovements()
        }
    }

    /// What a process would find that opened the file after this one was killed now.
    private func onHandAfterCrash(of file: TestFile) async throws -> Int64 {
        try await TestFile.with { copy in
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(atPath: file.path + suffix, toPath: copy.path + suffix)
            }
            return try await copy.withLedger(.asItIs) { ledger in try await ledger.onHand() }
        }
    }

    @Test("movements that arrive together reach the disk together")
    func grouped() async throws {
        try await withFaultyDisk { file, ledger in
            let recorded = try await file.whileLocked { Task { await ledger.recordAtOnce(100) { _ in nil } } }.value
            #expect(recorded.count == 100)
            // The first alone, the others while it is under way: two or three transactions, and a checkpoint at most.
            let asked = FaultyDisk.asked.load(ordering: .relaxed)
            #expect((1...10).contains(asked))
        }
    }

    @Test("a commit that the disk fails is made again, and once")
    func triedAgain() async throws {
        try await withFaultyDisk { file, ledger in
            FaultyDisk.failing.store(3, ordering: .relaxed)
            let recorded = try await ledger.record(.stockIn(1), .testing).value
            let left = FaultyDisk.failing.load(ordering: .relaxed)
            #expect(left == 0)
            #expect(recorded.onHand == 101 && recorded.position == Position(rawValue: 2))
            #expect(try await onHandAfterCrash(of: file) == 101)
        }
    }

    @Test("a commit that the disk fails for good has an unknown outcome: a crash may bring it back")
    func outcomeUnknown() async throws {
        var limits = LedgerFileLimits()
        limits.commitTimeout = .zero
        try await withFaultyDisk(limits) { file, ledger in
            FaultyDisk.failing.store(.max, ordering: .relaxed)
            await #expect {
                try await ledger.record(.stockIn(1), .testing)
            } throws: { error in
                if case .outcomeUnknown? = error as? LedgerError { true } else { false }
            }
            let (here, afterCrash) = (try await ledger.onHand(), try await onHandAfterCrash(of: file))
            #expect(here == 100 && afterCrash == 101)
            #expect(await ledger.health().map(\.status) == [.fail])

            // The next transaction takes its place.
            FaultyDisk.failing.store(0, ordering: .relaxed)
            let (next, now) = (
                try await ledger.record(.stockIn(5), .testing).value.onHand, try await onHandAfterCrash(of: file)
            )
            #expect(next == 105 && now == 105)
            #expect(await ledger.health().map(\.status) == [.pass])
        }
    }
}
