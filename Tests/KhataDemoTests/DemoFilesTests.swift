import Foundation
import Inventory
import LedgerTesting
import SQLiteLedger
import StockFiles
import Testing

@testable import khata_demo

@Suite("The demo's files")
struct DemoFilesTests {
    /// Half past twelve in Pakistan.
    private static let now = Timestamp(microseconds: 1_795_332_600_000_000)

    @Test("are imported whole, and keep their times")
    func imported() async throws {
        let files = DemoFiles.all(of: Array(DemoDistrict.all.prefix(1)), days: 3, until: Self.now)
        try await TestFile.with { file in
            try await file.withLedger { ledger in
                for (name, records) in files {
                    let url = file.folder.appending(path: name)
                    try Data(records.map { CSVRecord(line: 0, fields: $0).text }.joined().utf8).write(to: url)
                    let summary = try await Importer(
                        ledger, options: ImportOptions(), now: Self.now, observer: Strict()
                    ).run(StockFile(url))
                    #expect(summary.added == records.count - 1 && summary.refused == 0)
                }
                let movements = files[2].records.dropFirst()
                #expect(Set(movements.map { $0[3] }) == ["stock-in", "sale", "manual-removal", "transfer"])
                let entries = try await ledger.entries(
                    EntryQuery(storeID: StoreID(rawValue: 1), limit: 1_000), Freshness()
                ).value.items
                let times = movements.filter { $0[0] == "1" || $0[1] == "1" }.prefix(1_000).map { $0[5] }
                #expect(entries.map(\.recordedAt.description) == times)
            }
        }
    }

    @Test("of a chain are imported whole: every store has opening stock of all goods")
    func chain() async throws {
        try await TestFile.with { file in
            try DemoChain(stores: 1_002, goods: 3).write(to: file.folder)
            try await file.withLedger { ledger in
                for name in ["stores.csv", "products.csv", "stock-1-1000.csv", "stock-1001-1002.csv"] {
                    let summary = try await Importer(
                        ledger, options: ImportOptions(), now: Self.now, observer: Strict()
                    ).run(StockFile(file.folder.appending(path: name)))
                    // The file's own store is there already, under another name.
                    #expect(summary.added + summary.changed == summary.rows && summary.refused == 0)
                }
                for store in [1, 1_000, 1_002] {
                    let stock = try await ledger.stock(
                        StockQuery(storeID: StoreID(rawValue: Int64(store)), limit: 10), Freshness()
                    ).value.items
                    #expect(stock.count == 3 && stock.allSatisfy { $0.onHand > 0 })
                }
            }
        }
    }

    @Test("are the same on the same day")
    func repeatable() {
        let files = (0..<2).map { _ in DemoFiles.all(of: DemoDistrict.all.suffix(2), days: 1, until: Self.now) }
        #expect(files[0].map(\.records) == files[1].map(\.records))
    }
}

private struct Strict: ImportObserver {
    func importBegins(rows: Int) {}
    func imported(rows: Int) {}
    func refused(_ record: CSVRecord, _ problems: [RowProblem]) { Issue.record("\(problems)") }
}
