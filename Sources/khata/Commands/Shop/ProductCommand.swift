import ArgumentParser
import Inventory
import InventoryContract

struct ProductCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "product", abstract: "Manages the products of the catalog.",
        subcommands: [Add.self, List.self, Show.self, Rename.self, Archive.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Adds a product to the catalog.")

        @Argument(help: "Its name, such as \"Sugar 1kg\".")
        var name: String

        @Option(help: "The stock keeping unit, or bar code: no other product may have it.")
        var sku: String?

        @Option(help: "Such as Grocery.")
        var category: String?

        @Option(help: "The unit, such as pack, kg or bottle.")
        var unit: String?

        @Option(help: "Its number (default: the next free one).")
        var id: ProductIDArgument?

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ShopOptions

        func run() async throws {
            let shop = try await options.shop()
            for (title, text) in [("The name", name), ("The SKU", sku), ("The category", category), ("The unit", unit)]
            {
                try shop.check(title, name: text)
            }
            let details = ProductDetails(sku: sku, name: name, category: category, unit: unit)
            try await shop.open { ledger in
                try await ledger.change(.createProduct(id?.id, details), about: Subject()) { product in
                    output.print(product, "Added \(product.details.name) as product \(product.id).")
                }
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the products.")

        @Option(help: "Only those with this in their name or SKU.")
        var search: String?

        @Option(help: "Only those of this category.")
        var category: String?

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ShopOptions

        func run() async throws {
            try await options.shop().open { ledger in
                let listing = Listing<Product, ProductID>(
                    columns: Product.columns, row: \.cells, write: { $0.value($1) },
                    nothing: search == nil && category == nil
                        ? "The catalog is empty: `khata product add` adds to it." : "No product matches.")
                try await listing.print(json: output.json) { key throws(LedgerError) in
                    try await ledger.products(
                        ProductQuery(after: key, limit: 1_000, search: search, category: category), Freshness()
                    ).value
                }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a product.")

        @OptionGroup var product: ProductArgument
        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ShopOptions

        func run() async throws {
            try await options.shop().open { ledger in
                let found = try await product.find(in: ledger).value
                var table = Table(Product.columns, styling: .standardOutput)
                output.print(found, table.lines([found.cells]).joined(separator: "\n"))
            }
        }
    }

    struct Rename: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Renames a product.")

        @OptionGroup var product: ProductArgument

        @Argument(help: "The name that it gets.")
        var name: String

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ShopOptions

        func run() async throws {
            let shop = try await options.shop()
            try shop.check("The name", name: name)
            try await shop.open { ledger in
                let found = try await product.find(in: ledger)
                let old = found.value
                var details = old.details
                details.name = name
                try await ledger.change(
                    .replaceProduct(old.id, details, ifVersion: .oneOf([Version(old.position, in: found.history)])),
                    about: Subject(product: old.details.name)
                ) { product in
                    output.print(product, "\(old.details.name) (\(product.id)) is now called \(product.details.name).")
                }
            }
        }
    }

    struct Archive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Archives a product without stock in any store.",
            discussion: "Its history stays in the ledger, the reports and the audit log.")

        @OptionGroup var product: ProductArgument
        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ShopOptions

        func run() async throws {
            try await options.shop().open { ledger in
                let found = try await product.find(in: ledger)
                let old = found.value
                try await ledger.change(
                    .archiveProduct(old.id, ifVersion: .oneOf([Version(old.position, in: found.history)])),
                    about: Subject(product: old.details.name)
                ) { product in
                    output.print(product, "Archived \(product.details.name) (\(product.id)).")
                }
            }
        }
    }
}

/// The product argument of a command.
struct ProductArgument: ParsableArguments {
    @Argument(help: "A product's name, SKU or id. A number that is a product's id means that product.")
    var product: String

    func validate() throws {
        guard !product.isEmpty else { throw ValidationError("Name a product.") }
    }

    /// The current product, with its version.
    func find(in ledger: any StockReading) async throws -> Snapshot<Product> {
        let found = try await ProductFinder(ledger: ledger).product(product)
        return try await ledger.product(found.id, Freshness())
    }
}

extension StockWriting {
    /// Changes a product, and prints the result.
    fileprivate func change(
        _ change: CatalogChange, about subject: Subject, _ tell: (Product) -> Void
    ) async throws {
        let item = try await explaining(subject) { try await self.change(change, .person()).value }
        guard case .product(let product) = item else { throw LedgerError.internalFailure }
        tell(product)
    }
}

extension OutputOptions {
    fileprivate func print(_ product: Product, _ text: String) {
        print(text) { $0.value(product) }
    }
}

extension Product {
    fileprivate static let columns: [Table.Column] = [
        .number("ID"), .text("SKU"), .text("NAME"), .text("CATEGORY"), .text("UNIT"),
    ]

    fileprivate var cells: [Table.Cell] {
        [
            Table.Cell(id.description), Table.Cell(details.sku), Table.Cell(details.name),
            Table.Cell(details.category), Table.Cell(details.unit),
        ]
    }
}
