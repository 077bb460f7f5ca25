import ArgumentParser
import Foundation
import Inventory
import StockFiles

@main
struct KhataDemo: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "khata-demo",
        abstract: "Writes the demo as files for khata import: 50 shops, 2,000 goods, and three weeks of movements.",
        discussion: """
            A Pakistani kiryana's catalog, opening stock, sales with their daily rhythm, deliveries, removals and transfers, \
            until just before now. The same day brings the same demo. Import the files into an empty database or file, in \
            this order: stores.csv, products.csv, movements.csv.

            With --stores, the files are those of a chain instead: so many stores that all have the same goods, with \
            opening stock and no movements. Import stores.csv, products.csv, and then each stock-….csv.
            """)

    @Argument(help: "The folder to write to. It is made if it is not there.", completion: .directory)
    var folder: String

    @Option(help: "How many stores a chain has, up to \(DemoChain.maximumStores).")
    var stores: Int?

    @Option(help: "How many goods each store of a chain has, up to \(DemoCatalog.productCount).")
    var goods = 500

    func validate() throws {
        guard (1...DemoChain.maximumStores).contains(stores ?? 1) else {
            throw ValidationError("--stores must be from 1 to \(DemoChain.maximumStores).")
        }
        guard (1...DemoCatalog.productCount).contains(goods) else {
            throw ValidationError("--goods must be from 1 to \(DemoCatalog.productCount).")
        }
    }

    func run() throws {
        let folder = URL(fileURLWithPath: folder, isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        if let stores {
            try DemoChain(stores: stores, goods: goods).write(to: folder)
            return
        }
        for (name, records) in DemoFiles.all(until: .now) {
            try Data(CSVRecord.text(of: records).utf8).write(to: folder.appending(path: name))
        }
    }
}

enum DemoFiles {
    /// The records of each file, in the order in which they have to be imported. The first one names the columns.
    static func all(
        of districts: [DemoDistrict] = DemoDistrict.all, days: Int = 21, until now: Timestamp
    ) -> [(name: String, records: [[String]])] {
        let catalog = DemoCatalog()
        var history = DemoHistory(districts, catalog, days: days, until: now)
        return [
            ("stores.csv", [["store_id", "name"]] + districts.flatMap(\.shops).map { [String($0.id), $0.name] }),
            ("products.csv", records(of: catalog.products[...])),
            ("movements.csv", [DemoMovement.columns] + history.movements().map(\.fields)),
        ]
    }
    static func records(of products: ArraySlice<DemoProduct>) -> [[String]] {
        [["product_id", "sku", "name", "category", "unit"]]
            + products.map { [String($0.id), $0.sku, $0.name, $0.category, $0.unit] }
    }
}
