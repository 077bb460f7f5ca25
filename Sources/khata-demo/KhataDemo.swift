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
            """)

    @Argument(help: "The folder to write to. It is made if it is not there.", completion: .directory)
    var folder: String

    func run() throws {
        let folder = URL(fileURLWithPath: folder, isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, records) in DemoFiles.all(until: .now) {
            let text = records.map { CSVRecord(line: 0, fields: $0).text }.joined()
            try Data(text.utf8).write(to: folder.appending(path: name))
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
            (
                "products.csv",
                [["product_id", "sku", "name", "category", "unit"]]
                    + catalog.products.map { [String($0.id), $0.sku, $0.name, $0.category, $0.unit] }
            ),
            ("movements.csv", [DemoMovement.columns] + history.movements().map(\.fields)),
        ]
    }
}
