import ArgumentParser
import Inventory
import JSON

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "The demo: 50 shops, 2,000 goods, and three weeks of what happened to them.",
        subcommands: [DemoLoad.self])
}

struct DemoLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Load the demo into an empty database.",
        discussion: """
            Everything goes through the ledger, as a client's movements would: a catalog of a Pakistani kiryana, opening \
            stock, sales with their daily rhythm, deliveries, removals and transfers, until just before now. The same \
            day brings the same demo.
            """)

    @OptionGroup var options: SettingsOptions

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() async throws {
        let summary = try await withLedger(try await options.settings()) { ledger in
            try await Self.requireEmptyCatalog(ledger)
            return try await DemoLoader(ledger: ledger).load(until: .now)
        }
        print(json ? summary.json : summary.text)
    }

    private static func requireEmptyCatalog(_ ledger: any StockReading) async throws {
        let products = try await ledger.products(ProductQuery(limit: 1), atLeast: nil).value
        let stores = try await ledger.stores(StoreQuery(limit: 1), atLeast: nil).value
        guard products.items.isEmpty, stores.items.isEmpty else {
            throw Failure("the catalog has products or stores already: load the demo into an empty database")
        }
    }
}

extension DemoLoader.Summary {
    /// Tenths of a second are exact enough.
    private var seconds: Double { (duration / .seconds(1) * 10).rounded() / 10 }

    var text: String {
        "loaded \(products.grouped) products, \(stores.grouped) stores and \(movements.grouped) movements "
            + "in \(seconds) s"
    }

    var json: String {
        var json = JSONWriter<[UInt8]>(output: [])
        json.openObject()
        json.field("products", Int64(products))
        json.field("stores", Int64(stores))
        json.field("movements", Int64(movements))
        json.key("seconds")
        json.value(json: "\(seconds)")
        json.closeObject()
        return String(decoding: json.output, as: UTF8.self)
    }
}
