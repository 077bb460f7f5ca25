import Access
import Foundation
import GRDB
import Inventory
import InventoryTesting
import LedgerTesting
import SQLiteLedger
import ServerTesting
import Testing

@Suite("Copies of the file")
struct CopyTests {
    /// A file of the same folder.
    private func beside(_ file: TestFile, _ name: String) -> String {
        file.folder.appending(path: name).path(percentEncoded: false)
    }

    /// The error of `body`, which left no file behind.
    private func error(_ file: TestFile, _ body: () async throws -> Void) async throws -> String {
        func names() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: file.folder.path()).sorted()
        }
        let before = try names()
        let error = await #expect(throws: LedgerFileError.self) { try await body() }
        #expect(try names() == before)
        return error?.description ?? ""
    }

    @Test("a copy that is made while others write has all that was acknowledged before, and nothing half")
    func whileWritten() async throws {
        try await TestFile.withShop { file in
            let writer = try WriterProcess(file, name: "writer", count: 1_000_000)
            try await eventually("it is under way") { try writer.acknowledged.count > 50 }
            let acknowledged = try writer.acknowledged
            let copy = TestFile(folder: file.folder.appending(path: "backup"))
            try FileManager.default.createDirectory(at: copy.folder, withIntermediateDirectories: false)
            let made = try await LedgerFileCopy.make(of: file.path, at: copy.path)
            let written = try writer.acknowledged.count
            try await eventually("it goes on") { try writer.acknowledged.count > written }
            try await writer.kill()

            #expect(try FileManager.default.contentsOfDirectory(atPath: copy.folder.path()) == ["shop.khata"])
            let attributes = try FileManager.default.attributesOfItem(atPath: copy.path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(attributes[.size] as? Int == made.bytes)
            let movements = try await copy.soundMovements()
            #expect(acknowledged.allSatisfy { movements[$0.key] == $0.value })
            // The catalog has the store and the product.
            #expect(made.entries == Int64(movements.count) + 2)
            #expect(try await file.soundMovements().count > movements.count)
        }
    }

    @Test("what was copied is restored where there is no file, and the copy stays")
    func restored() async throws {
        try await TestFile.withShop { file in
            try await file.withLedger { ledger in
                _ = try await ledger.record(.stockIn(3), .testing)
                _ = try await ledger.addAPIKey(
                    NewAPIKey(APIKey.generate(), name: "till", grant: Grant(role: .clerk)), .testing)
            }
            let copy = beside(file, "copy")
            let made = try await LedgerFileCopy.make(of: file.path, at: copy)
            try FileManager.default.removeItem(atPath: file.path)
            let restored = try await LedgerFileCopy.restore(copy, to: file.path, keepingReplacedAs: nil)
            #expect(restored.entries == made.entries && restored.latestAt == made.latestAt)
            // The store, the product, the movement and the key.
            #expect(made.entries == 4)
            try await file.withLedger(.asItIs) { ledger in
                #expect(try await ledger.onHand() == 3)
                _ = try await ledger.record(.sale(1), .testing)
            }
            #expect(try await file.soundMovements().count == 2)
            #expect(try FileManager.default.contentsOfDirectory(atPath: file.folder.path()).count == 2)
        }
    }

    @Test("what a copy left that was killed is deleted, and nothing of one that is under way or of another name")
    func abandoned() async throws {
        try await TestFile.withShop { file in
            let copy = beside(file, "copy")
            let (abandoned, journal) = ("\(copy).1a.partial", "\(copy).1a.partial-journal")
            let (underWay, other) = ("\(copy).2b.partial", beside(file, "copy2.3c.partial"))
            for path in [abandoned, journal, underWay, other] { try Data([0]).write(to: URL(filePath: path)) }
            let descriptor = open(underWay, O_RDONLY)
            defer { close(descriptor) }
            #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
            _ = try await LedgerFileCopy.make(of: file.path, at: copy)
            let left = [abandoned, journal, underWay, other].map { FileManager.default.fileExists(atPath: $0) }
            #expect(left == [false, false, true, true])
        }
    }

    @Test("a file that is replaced is kept, with what was still in its log")
    func replaced() async throws {
        try await TestFile.withShop { file in
            let (copy, kept) = (beside(file, "copy"), beside(file, "kept"))
            _ = try await LedgerFileCopy.make(of: file.path, at: copy)
            let writer = try WriterProcess(file, name: "writer", count: 1_000_000)
            try await eventually("it is under way") { try writer.acknowledged.count > 20 }
            // Leaves a log.
            try await writer.kill()
            let acknowledged = try writer.acknowledged

            _ = try await LedgerFileCopy.restore(copy, to: file.path, keepingReplacedAs: kept)
            #expect(try await file.soundMovements().isEmpty)
            try FileManager.default.moveItem(atPath: kept, toPath: beside(file, "kept.khata"))
            try FileManager.default.removeItem(atPath: file.path)
            try FileManager.default.moveItem(atPath: beside(file, "kept.khata"), toPath: file.path)
            let movements = try await file.soundMovements()
            #expect(acknowledged.allSatisfy { movements[$0.key] == $0.value })
        }
    }

    @Test("a file that is open is not replaced, and nothing that is there is overwritten")
    func inUse() async throws {
        try await TestFile.withShop { file in
            let copy = beside(file, "copy")
            _ = try await LedgerFileCopy.make(of: file.path, at: copy)
            try await file.withLedger(.asItIs) { ledger in
                let inUse = try await error(file) {
                    _ = try await LedgerFileCopy.restore(copy, to: file.path, keepingReplacedAs: beside(file, "kept"))
                }
                #expect(inUse.contains("is open in another process"))
                _ = try await ledger.record(.stockIn(1), .testing)
                #expect(try await ledger.onHand() == 1)
            }
            let exists = try await error(file) { _ = try await LedgerFileCopy.make(of: file.path, at: copy) }
            #expect(exists.contains("copy exists already"))
            let there = try await error(file) {
                _ = try await LedgerFileCopy.restore(copy, to: file.path, keepingReplacedAs: nil)
            }
            #expect(there.contains("shop.khata exists already"))
            let name = try await error(file) {
                _ = try await LedgerFileCopy.restore(copy, to: file.path, keepingReplacedAs: copy)
            }
            #expect(name.contains("copy exists already"))
        }
    }

    @Test("what is no ledger, is missing or damaged is neither copied nor restored")
    func unusable() async throws {
        try await TestFile.withShop { file in
            let copy = beside(file, "copy")
            let missing = try await error(file) { _ = try await LedgerFileCopy.make(of: beside(file, "no"), at: copy) }
            #expect(missing.contains("does not exist"))
            let nowhere = try await error(file) {
                _ = try await LedgerFileCopy.make(of: file.path, at: beside(file, "no/copy"))
            }
            #expect(nowhere.contains("no/copy"))

            try await file.withLedger { ledger in
                _ = await ledger.recordAtOnce(2_000) { _ in String(repeating: "x", count: 100) }
            }
            let handle = try FileHandle(forWritingTo: URL(filePath: file.path))
            try handle.seek(toOffset: 20 * 4_096)
            try handle.write(contentsOf: Data(repeating: 7, count: 40 * 4_096))
            try handle.close()
            let damaged = try await error(file) { _ = try await LedgerFileCopy.make(of: file.path, at: copy) }
            #expect(damaged.contains("is damaged"))

            let other = TestFile(folder: file.folder.appending(path: "other"))
            try FileManager.default.createDirectory(at: other.folder, withIntermediateDirectories: false)
            try other.execute("create table t (a)")
            let foreign = try await error(other) { _ = try await LedgerFileCopy.make(of: other.path, at: copy) }
            #expect(foreign.contains("another program"))
            #expect(!FileManager.default.fileExists(atPath: copy))
        }
    }

    @Test("rows that a page has lost are noticed: the copy would look sound without them")
    func lostRows() async throws {
        try await TestFile.withShop { file in
            try await file.withLedger { ledger in
                _ = await ledger.recordAtOnce(500) { _ in String(repeating: "x", count: 100) }
            }
            let handle = try FileHandle(forUpdating: URL(filePath: file.path))
            // The last leaf of a table without row ids: it says that it has a row less.
            let pages = try #require(try handle.readToEnd()).count / 4_096
            let leaf = try #require(
                try (1..<pages).last { page in
                    try handle.seek(toOffset: UInt64(page * 4_096))
                    return try handle.read(upToCount: 1) == Data([0x0A])
                })
            let offset = UInt64(leaf * 4_096 + 3)
            try handle.seek(toOffset: offset)
            let count = try #require(try handle.read(upToCount: 2))
            let fewer = UInt16(count[0]) << 8 + UInt16(count[1]) - 1
            try handle.seek(toOffset: offset)
            try handle.write(contentsOf: Data([UInt8(fewer >> 8), UInt8(fewer & 0xFF)]))
            try handle.close()
            let damaged = try await error(file) {
                _ = try await LedgerFileCopy.make(of: file.path, at: beside(file, "copy"))
            }
            #expect(damaged.contains("is damaged"))
        }
    }

    @Test("a damaged file is replaced, and kept")
    func damagedReplaced() async throws {
        try await TestFile.withShop { file in
            let (copy, kept) = (beside(file, "copy"), beside(file, "kept"))
            _ = try await LedgerFileCopy.make(of: file.path, at: copy)
            try Data(repeating: 7, count: 8_192).write(to: URL(filePath: file.path))
            _ = try await LedgerFileCopy.restore(copy, to: file.path, keepingReplacedAs: kept)
            #expect(try await file.soundMovements().isEmpty)
            #expect(try Data(contentsOf: URL(filePath: kept)) == Data(repeating: 7, count: 8_192))
        }
    }

    @Test("a shop that was moved elsewhere is not opened again by a backup in its place")
    func moved() async throws {
        try await TestFile.withShop { file in
            let copy = beside(file, "copy")
            _ = try await LedgerFileCopy.make(of: file.path, at: copy)
            try await file.withLedger { ledger in
                try await ledger.hold().close(
                    LedgerDestination(name: "khata@db1/khata", identity: "1/khata", movedAt: .now))
            }
            let moved = try await error(file) {
                _ = try await LedgerFileCopy.restore(copy, to: file.path, keepingReplacedAs: beside(file, "kept"))
            }
            #expect(moved.contains("was moved to khata@db1/khata"))
        }
    }

    @Test("what a link leads to is replaced, and names may be short")
    func links() async throws {
        try await TestFile.withShop { file in
            let (copy, link) = (beside(file, "c"), beside(file, "link"))
            _ = try await LedgerFileCopy.make(of: file.path, at: copy)
            try await file.withLedger { _ = try await $0.record(.stockIn(1), .testing) }
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "shop.khata")
            _ = try await LedgerFileCopy.restore(copy, to: link, keepingReplacedAs: beside(file, "kept"))
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "shop.khata")
            #expect(try await file.soundMovements().isEmpty)
        }
    }

    @Test("a copy that is cancelled is not there")
    func cancelled() async throws {
        try await TestFile.withShop { file in
            try await file.withLedger { _ = await $0.recordAtOnce(3_000) { _ in String(repeating: "x", count: 200) } }
            let copy = beside(file, "copy")
            let copying = Task { try await LedgerFileCopy.make(of: file.path, at: copy) }
            copying.cancel()
            await #expect(throws: CancellationError.self) { _ = try await copying.value }
            #expect(try FileManager.default.contentsOfDirectory(atPath: file.folder.path()) == ["shop.khata"])
        }
    }
}
