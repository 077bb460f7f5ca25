public import ArgumentParser
public import Inventory
import InventoryContract

struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Reports what happened to stock in a period.",
        discussion: "opening + in - sold - removed + transferred in - transferred out = closing")

    @OptionGroup var period: PeriodOptions

    @Option(help: "One line for each product, or for each store or day of each product.")
    var groupBy: ReportQuery.Grouping = .product

    @Option(help: "Only this store.")
    var store: StoreArgument?

    @Option(help: "Only this product: its name, SKU or id.")
    var product: String?

    @Flag(
        help: """
            Print comma-separated values, in the format of the HTTP API. Names that a spreadsheet would take for a \
            formula get an apostrophe.
            """)
    var csv = false

    @Flag(help: "With --csv: print names as they are, for programs.")
    var raw = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var options: ShopOptions

    func validate() throws {
        guard !csv || !output.json else { throw ValidationError("--csv and --json cannot be combined.") }
        guard csv || !raw else { throw ValidationError("--raw needs --csv.") }
    }

    func run() async throws {
        try await options.shop().open { ledger in
            try await explaining(Subject(storeID: store?.id)) {
                var query = ReportQuery(
                    storeID: store?.id, period: period.period, grouping: groupBy, limit: 1_000)
                if let product { query.productID = try await ProductFinder(ledger: ledger).product(product).id }
                try await print(query, ledger)
            }
        }
    }

    private func print(_ query: ReportQuery, _ ledger: any StockReading) async throws {
        let page = { (key: ReportRow.Key?) async throws(LedgerError) in
            var query = query
            query.after = key
            return try await ledger.report(query, Freshness()).value
        }
        guard csv else {
            return try await listing.print(json: output.json, page)
        }
        Swift.print(ReportRow.csvHeader(groupBy), terminator: "")
        try await forEachPage(page) { page in
            for row in page.items { Swift.print(row.csv(groupBy, isForSpreadsheets: !raw), terminator: "") }
            return true
        }
    }

    private var listing: Listing<ReportRow, ReportRow.Key> {
        let group: [Table.Column] =
            switch groupBy {
            case .product: []
            case .store: [.number("STORE")]
            case .day: [.text("DAY")]
            }
        return Listing(
            columns: [.number("ID"), .text("NAME")] + group
                + [
                    .number("OPENING"), .number("IN"), .number("SOLD"), .number("REMOVED"), .number("FROM STORES"),
                    .number("TO STORES"), .number("CLOSING"),
                ],
            row: { [groupBy] row in row.cells(groupBy) }, write: { [groupBy] in $0.value($1, groupBy) },
            nothing: "There was nothing in that period.")
    }
}

extension ReportQuery.Grouping: ExpressibleByArgument {}

extension ReportRow {
    fileprivate func cells(_ grouping: ReportQuery.Grouping) -> [Table.Cell] {
        let group: [Table.Cell] =
            switch grouping {
            case .product: []
            case .store: [Table.Cell(String(key.group))]
            case .day: [Table.Cell(day)]
            }
        return [Table.Cell(key.productID.description), Table.Cell(name)] + group
            + [opening, stockIn, sold, removed, transferredIn, transferredOut, closing].map { .amount($0) }
    }
}
