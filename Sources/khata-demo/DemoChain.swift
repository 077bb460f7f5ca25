import Foundation
import StockFiles

/// A chain of many stores that sell the same goods: their opening stock, and nothing else.
struct DemoChain {
    static let maximumStores = 1_000_000
    /// An import keeps the levels of a file's stores in memory.
    private static let storesPerFile = 1_000

    let stores: Int
    /// Of each store.
    let goods: ArraySlice<DemoProduct>

    init(stores: Int, goods: Int, of catalog: DemoCatalog = DemoCatalog()) {
        self.stores = stores
        self.goods = catalog.byPopularity.prefix(goods)
    }

    /// Writes one store after the other, so that the memory does not depend on how many there are.
    func write(to folder: URL) throws {
        let names = (1...stores).map { [String($0), "Branch \($0)"] }
        try write([["store_id", "name"]] + names, to: folder, "stores.csv")
        try write(DemoFiles.records(of: goods), to: folder, "products.csv")
        for first in stride(from: 1, through: stores, by: Self.storesPerFile) {
            let last = min(first + Self.storesPerFile - 1, stores)
            let url = folder.appending(path: "stock-\(first)-\(last).csv")
            try Data().write(to: url)
            let file = try FileHandle(forWritingTo: url)
            try file.write(contentsOf: Data(CSVRecord.text(of: [["store_id", "product_id", "on_hand"]]).utf8))
            for store in first...last {
                try file.write(contentsOf: Data(CSVRecord.text(of: openingStock(of: store)).utf8))
            }
            try file.close()
        }
    }

    /// Some lots of each product.
    private func openingStock(of store: Int) -> [[String]] {
        var random = SplitMix64(stream: UInt64(store))
        return goods.map { [String(store), String($0.id), String($0.lot * Int.random(in: 1...12, using: &random))] }
    }

    private func write(_ records: [[String]], to folder: URL, _ name: String) throws {
        try Data(CSVRecord.text(of: records).utf8).write(to: folder.appending(path: name))
    }
}

extension CSVRecord {
    static func text(of records: [[String]]) -> String {
        records.map { CSVRecord(line: 0, fields: $0).text }.joined()
    }
}
