import Foundation
import Inventory
import LedgerTesting
import PostgresLedger
import StockFiles
import Synchronization
import Testing

/// A ledger on a database of its own, and a folder for files.
struct LedgerAndFiles: Sendable {
    let ledger: any StockReading & StockWriting
    let database: TestDatabase
    private let folder: URL

    /// Lends an empty ledger.
    static func with(_ body: @Sendable (LedgerAndFiles) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "khata-test-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await TestDatabase.with { database in
            try await database.withLedger { ledger in
                try await body(LedgerAndFiles(ledger: ledger, database: database, folder: folder))
            }
        }
    }

    /// With stores 1 and 2, and sugar, rice and tea without stock.
    static func stocked(_ body: @Sendable (LedgerAndFiles) async throws -> Void) async throws {
        try await with { shop in
            try await shop.imports("store_id,name\n1,One\n2,Two\n", added: 2)
            try await shop.imports("product_id,sku,name\n101,R5,Rice 5kg\n102,S1,Sugar 1kg\n103,,چائے\n", added: 3)
            try await body(shop)
        }
    }

    func file(_ text: String) throws -> StockFile {
        let url = folder.appending(path: "\(UUID()).csv")
        try Data(text.utf8).write(to: url)
        return StockFile(url)
    }

    func run(
        _ text: String, _ options: ImportOptions = ImportOptions(), on ledger: (any StockReading & StockWriting)? = nil,
        observer: Problems = Problems()
    ) async throws -> ImportSummary {
        let now = Timestamp.now
        return try await Importer(ledger ?? self.ledger, options: options, now: now, observer: observer).run(file(text))
    }

    /// Imports a file of which every row can be.
    func imports(_ text: String, added: Int = 0, changed: Int = 0, unchanged: Int = 0) async throws {
        let problems = Problems()
        let summary = try await run(text, observer: problems)
        #expect(problems.all == [])
        #expect(summary.rows == added + changed + unchanged)
        #expect(summary.added == added && summary.changed == changed && summary.unchanged == unchanged)
    }

    /// Imports a file of which some rows cannot be.
    /// - Returns: What is wrong, as `line column`.
    func refuses(_ text: String, _ options: ImportOptions = ImportOptions()) async throws -> [String] {
        let problems = Problems()
        let summary = try await run(text, options, observer: problems)
        #expect(summary.refused == Set(problems.all.map(\.line)).count)
        return problems.all.map { "\($0.line) \($0.column ?? "")" }
    }

    func export(_ kind: FileKind) async throws -> String {
        let text = Mutex("")
        let count = try await Exporter(ledger).export(kind) { part in text.withLock { $0 += part } }
        let whole = text.withLock { $0 }
        #expect(whole.split(separator: "\r\n").count == count + 1)
        return whole
    }

    func onHand(_ store: Int64, _ product: Int64) async throws -> Int64 {
        try await ledger.level(
            LevelKey(StoreID(rawValue: store), ProductID(rawValue: product)), Freshness()
        ).value.onHand
    }

    func entries() async throws -> [LedgerEntry] {
        var entries: [LedgerEntry] = []
        var query = EntryQuery(limit: 1_000)
        repeat {
            let page = try await ledger.entries(query, Freshness()).value
            entries += page.items
            query.after = page.next
        } while query.after != nil
        return entries
    }

    func expectSound(_ stores: [Int64] = [0, 1, 2]) async throws {
        for store in stores { _ = try await AuditVerification(ledger: ledger).verify(StoreID(rawValue: store)) }
    }
}

/// Remembers what an import refused.
final class Problems: ImportObserver {
    private let state = Mutex<(problems: [RowProblem], records: [CSVRecord])>(([], []))

    var all: [RowProblem] { state.withLock { $0.problems.sorted { $0.line < $1.line } } }
    var records: [CSVRecord] { state.withLock { $0.records } }

    func importBegins(rows: Int) {}
    func imported(rows: Int) {}
    func refused(_ record: CSVRecord, _ problems: [RowProblem]) {
        state.withLock {
            $0.problems += problems
            $0.records.append(record)
        }
    }
}
