import Foundation
import GRDB
import Inventory
import InventoryTesting
import LedgerTesting
import ServerTesting
import Synchronization
import Testing

@testable import SQLiteLedger

/// What becomes of a file of which something was overwritten, cut off or lost.
@Suite("Damage")
struct DamageTests {
    private static let page = 4_096

    /// A shop with 500 movements, each on the same product.
    private func withHistory(_ body: (TestFile) async throws -> Void) async throws {
        try await TestFile.withShop { file in
            try await file.withLedger { ledger in
                let recorded = await ledger.recordAtOnce(500) { _ in "a note, so that there are some pages" }
                #expect(recorded.count == 500)
            }
            try await body(file)
        }
    }

    /// Of a file that counts as too large to be read at every opening.
    private static let large: LedgerFileLimits = {
        var limits = LedgerFileLimits()
        limits.smallFileBytes = 0
        return limits
    }()

    /// The leaves of a table, in the order of its keys.
    private func leaves(of table: String, in file: TestFile) throws -> [Int] {
        let pages = try file.texts(
            "select pageno from dbstat where name = '\(table)' and pagetype = 'leaf' order by path")
        let leaves = pages.compactMap { Int($0) }
        try #require(leaves.count > 2, "the table needs more than a page")
        return leaves
    }

    private func overwrite(page: Int, of file: TestFile) throws {
        var contents = try file.contents
        let start = (page - 1) * Self.page
        contents.replaceSubrange(start..<(start + Self.page), with: Data(repeating: 0xA5, count: Self.page))
        try contents.write(to: URL(filePath: file.path))
    }

    /// Expects that the file is reported as damaged, and left as it is.
    private func expectRefused(
        _ file: TestFile, _ limits: LedgerFileLimits = LedgerFileLimits(), saying words: String = "is damaged"
    ) async throws {
        let before = try file.contents
        let error = await #expect(throws: LedgerFileError.self) {
            try await file.withLedger(limits: limits) { _ in }
        }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
        #expect(try file.contents == before)
    }

    /// Expects that `body` meets damage, that nothing is written from then on, and that the file is left as it is.
    private func expectMet(
        _ file: TestFile, by body: @Sendable (SQLiteLedger) async throws -> Void
    ) async throws {
        let before = try file.contents
        let observer = DamageObserver()
        try await file.withLedger(.asItIs, limits: Self.large, observer: observer) { ledger in
            #expect(await ledger.health().map(\.status) == [.pass])
            try await expectDamaged { try await body(ledger) }
            try await expectDamaged { _ = try await ledger.record(.stockIn(1), .testing) }
            try await expectDamaged {
                _ = try await ledger.change(.createStore(nil, name: "Late"), .testing)
            }
            let health = await ledger.health()
            #expect(health.map(\.status) == [.fail])
            #expect(health.first?.output?.contains("damaged") == true)
            #expect(observer.reports.count == 1)
        }
        #expect(try file.contents == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: file.folder.path()) == ["shop.khata"])
    }

    private func expectDamaged(_ body: () async throws -> Void) async throws {
        await #expect {
            try await body()
        } throws: { error in
            if case .damaged? = error as? LedgerError { true } else { false }
        }
    }

    @Test("in the middle of a small file is found when it is opened")
    func small() async throws {
        try await withHistory { file in
            try overwrite(page: try file.contents.count / Self.page / 2, of: file)
            try await expectRefused(file)
        }
    }

    @Test("against the file's own rules is found, too")
    func rulesBroken() async throws {
        try await TestFile.withShop { file in
            try await file.withLedger { ledger in _ = try await ledger.record(.stockIn(1), .testing) }
            try file.execute("pragma ignore_check_constraints = on; update stock_levels set on_hand = -1")
            try await expectRefused(file, saying: "CHECK constraint failed in stock_levels")
            try await expectMet(file) { ledger in try await ledger.check() }
        }
    }

    @Test("by which a large file was cut off is found when it is opened", arguments: [1, 20, 40])
    func cutOff(pages: Int) async throws {
        try await withHistory { file in
            let contents = try file.contents
            try contents.dropLast(pages * Self.page).write(to: URL(filePath: file.path))
            try await expectRefused(file, Self.large)
        }
    }

    @Test("of a large file's first page is found when it is opened", arguments: [0, 100])
    func firstPage(from offset: Int) async throws {
        try await withHistory { file in
            var contents = try file.contents
            contents.replaceSubrange(offset..<Self.page, with: Data(repeating: 0xA5, count: Self.page - offset))
            try contents.write(to: URL(filePath: file.path))
            try await expectRefused(file, Self.large, saying: offset == 0 ? "is not a database" : "is damaged")
        }
    }

    @Test("that a reader meets is reported, and then nothing is written")
    func metByReading() async throws {
        try await withHistory { file in
            try overwrite(page: try leaves(of: "movements", in: file)[0], of: file)
            try await expectMet(file) { ledger in
                let onHand = try await ledger.onHand()
                #expect(onHand == 500, "what is whole is read")
                _ = try await ledger.entries(EntryQuery(storeID: .one), Freshness())
            }
        }
    }

    @Test("that a writer meets is reported, and nothing is written", arguments: ["movements", "audit_log"])
    func metByWriting(table: String) async throws {
        try await withHistory { file in
            try overwrite(page: try #require(try leaves(of: table, in: file).last), of: file)
            try await expectMet(file) { ledger in _ = try await ledger.record(.stockIn(1), .testing) }
        }
    }

    @Test("that only the rows show is reported, and stops nobody's process")
    func metInRows() async throws {
        try await TestFile.withShop { file in
            try await file.withLedger { ledger in _ = try await ledger.record(.stockIn(1), .testing) }
            var contents = try file.contents
            // In the row of the movement: the page of the audit log has the word, too, and is left alone.
            let page = try #require(Int(try file.texts("select pageno from dbstat where name = 'movements'")[0]))
            let start = (page - 1) * Self.page
            let word = try #require(contents.range(of: Data("stock-in".utf8), in: start..<(start + Self.page)))
            contents.replaceSubrange(word, with: Data("stock-ni".utf8))
            try contents.write(to: URL(filePath: file.path))
            try await expectMet(file) { ledger in _ = try await ledger.entries(EntryQuery(storeID: .one), Freshness())
            }
        }
    }

    @Test("that nobody meets is found by the check, while others read")
    func check() async throws {
        try await withHistory { file in
            try overwrite(page: try leaves(of: "movements", in: file)[0], of: file)
            let observer = DamageObserver()
            try await file.withLedger(.asItIs, limits: Self.large, observer: observer) { ledger in
                let check = Task { try await FileCheck(ledger).run() }
                try await eventually("the damage is found") { !observer.reports.isEmpty }
                try await expectDamaged { _ = try await ledger.record(.stockIn(1), .testing) }
                let onHand = try await ledger.onHand()
                #expect(onHand == 500)
                check.cancel()
            }
            try await expectMet(file) { ledger in try await ledger.check() }
        }
    }

    @Test("is found in no file that is whole")
    func whole() async throws {
        try await withHistory { file in
            try await file.withLedger(.asItIs, limits: Self.large) { ledger in
                try await ledger.check()
                _ = try await ledger.record(.stockIn(1), .testing)
                #expect(await ledger.health().map(\.status) == [.pass])
            }
        }
    }
}

private final class DamageObserver: LedgerFileObserver {
    private let state = Mutex<[String]>([])

    var reports: [String] { state.withLock { $0 } }

    func observe(_ observation: LedgerFileObservation) {
        if case .damaged(let report) = observation { state.withLock { $0.append(report) } }
    }
}
