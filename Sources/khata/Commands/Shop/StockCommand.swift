import ArgumentParser
import Inventory
import InventoryContract

struct StockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stock", abstract: "Shows the stock of a store, or the level of one product.")

    @Argument(help: "A product's name, SKU or id (default: all that the store has or had).")
    var product: String?

    @Option(help: "The store's number (default: default_store_id, which is 1 unless set).")
    var store: StoreArgument?

    @Option(help: "Only products with fewer than this on hand.")
    var below: Int64?

    @Option(help: "Only this category.")
    var category: String?

    @Option(
        help: "The stock at the end of this day, or at this time: 2026-11-20, yesterday, 2026-11-20T19:55:00Z.")
    var asOf: Moment?

    @OptionGroup var output: OutputOptions
    @OptionGroup var options: ShopOptions

    func validate() throws {
        guard product == nil || below == nil && category == nil else {
            throw ValidationError("--below and --category cannot be combined with a product.")
        }
        if let below, !(0...maximumJSONInteger).contains(below) {
            throw ValidationError("--below has to be 0 or more.")
        }
        if let product, product.isEmpty { throw ValidationError("Name a product.") }
    }

    func run() async throws {
        let shop = try await options.shop()
        let storeID = store?.id ?? shop.defaultStore
        try await shop.open { ledger in
            try await explaining(Subject(storeID: storeID)) {
                if let product {
                    let found = try await ProductFinder(ledger: ledger).product(product)
                    try await printLevel(of: found, in: storeID, ledger)
                } else {
                    try await printStock(of: storeID, ledger)
                }
            }
        }
    }

    private func printStock(of storeID: StoreID, _ ledger: any StockReading) async throws {
        /// Of the first page; later ones may be newer.
        var position: Position?
        let listing = Listing<StockItem, ProductID>(
            columns: [
                .number("ID"), .text("NAME"), .text("CATEGORY"), .text("UNIT"), .number("ON HAND"),
                .text("CHANGED (UTC)"),
            ],
            row: { item in
                [
                    Table.Cell(item.productID.description), Table.Cell(item.name), Table.Cell(item.category),
                    Table.Cell(item.unit), .amount(item.onHand), Table.Cell(item.updatedAt?.forPeople),
                ]
            }, write: { $0.value($1) },
            writeHead: { json in
                json.field("store_id", storeID)
                json.nullableField("position", position)
            }, nothing: "Store \(storeID) has nothing\(below == nil && category == nil ? "" : " of that").")
        try await listing.print(json: output.json) { key throws(LedgerError) in
            let page = try await ledger.stock(
                StockQuery(
                    storeID: storeID, after: key, limit: 1_000, category: category, below: below, asOf: asOf?.last),
                Freshness())
            position = position ?? page.position
            return page.value
        }
    }

    private func printLevel(of product: Product, in storeID: StoreID, _ ledger: any StockReading) async throws {
        let level = try await level(of: product, in: storeID, ledger)
        let unit = product.details.unit.map { " \($0)" } ?? ""
        let time = level.value.updatedAt.map { "; last changed \($0.forPeople) UTC" } ?? ""
        output.print(
            "\(product.details.name) (\(product.id)) in store \(storeID): "
                + "\(Int(level.value.onHand).grouped)\(unit)\(time)"
        ) { $0.value(level: level, in: storeID) }
    }

    /// For the past, reads the list, since only that supports it.
    private func level(
        of product: Product, in storeID: StoreID, _ ledger: any StockReading
    ) async throws(LedgerError) -> Snapshot<StockItem> {
        guard let asOf else { return try await ledger.level(LevelKey(storeID, product.id), Freshness()) }
        let page = try await ledger.stock(
            StockQuery(
                storeID: storeID, after: ProductID(rawValue: product.id.rawValue - 1), limit: 1, asOf: asOf.last),
            Freshness())
        let item = page.value.items.first { $0.productID == product.id }
        return page.map { _ in
            item
                ?? StockItem(
                    productID: product.id, name: product.details.name, category: product.details.category,
                    unit: product.details.unit, onHand: 0, updatedAt: nil)
        }
    }
}
