import Foundation
import Inventory
import InventoryTesting
import LedgerTesting
import SQLiteLedger
import ServerTesting
import Testing

/// Other processes on the file, and what may happen to them.
@Suite("Processes")
struct ProcessTests {
    @Test("two processes write to one file: each sees the other's movements, and no position is missing or taken twice")
    func twoProcesses() async throws {
        try await TestFile.withShop { file in
            let mine = try await file.withLedger { ledger in
                let other = try WriterProcess(file, name: "other", count: 400)
                try await eventually("it is under way") { try !other.acknowledged.isEmpty }
                let seen = try #require(try other.acknowledged.values.max())
                #expect(try await ledger.level(.sugarInOne, Freshness()).position ?? .zero >= seen)
                let mine = await ledger.recordAtOnce(200) { "mine-\($0)" }
                try await other.end()
                #expect(try other.acknowledged.count == 400)
                #expect(try await ledger.onHand() == 600)
                return mine
            }
            #expect(mine.count == 200)
            let movements = try await file.soundMovements()
            #expect(movements.values.map(\.rawValue).sorted() == Array(1...600))
        }
    }

    @Test("kill -9 at any moment: every acknowledged movement is there, and none is there twice")
    func killed() async throws {
        let rounds = ProcessInfo.processInfo.environment["KHATA_TEST_KILLS"].flatMap(Int.init) ?? 5
        try await TestFile.withShop { file in
            var acknowledged: [String: Position] = [:]
            for round in 1...rounds {
                let writer = try WriterProcess(file, name: "round\(round)", count: 1_000_000)
                let enough = Int.random(in: 1...300)
                try await eventually("it is under way") { try writer.lines.count >= enough }
                try await writer.kill()
                acknowledged.merge(try writer.acknowledged) { first, _ in first }
                // Every round costs as much as all before it, so a long run looks less often.
                guard round % max(1, rounds / 20) == 0 else { continue }
                let movements = try await file.soundMovements()
                let lost = acknowledged.filter { movements[$0.key] != $0.value }
                #expect(lost.isEmpty)
            }
        }
    }

    @Test("when the disk is full, writers are told so, nothing acknowledged is lost, and the file goes on later")
    func fullDisk() async throws {
        try await TestFile.withShop { file in
            let writer = try WriterProcess(file, name: "full", count: 1_000_000, maximumFile: 1_024)
            try await writer.end()
            #expect(try writer.lines.contains("failed unavailable"))
            let acknowledged = try writer.acknowledged
            #expect(acknowledged.count > 100)
            let movements = try await file.soundMovements()
            // What was not acknowledged was not recorded either: the outcome was certain.
            #expect(movements == acknowledged)
            let recorded = try await file.withLedger { ledger in
                try await ledger.record(.stockIn(1), .testing).value.position.rawValue
            }
            #expect(recorded == Int64(acknowledged.count) + 1)
        }
    }
}
