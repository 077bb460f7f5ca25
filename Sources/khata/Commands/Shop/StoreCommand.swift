import ArgumentParser
import Inventory
import InventoryContract

struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Manages the stores.",
        subcommands: [Add.self, List.self, Rename.self, Archive.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Adds a store.")

        @Argument(help: "Its name.")
        var name: String

        @Option(help: "Its number (default: the next free one).")
        var id: StoreArgument?

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ShopOptions

        func run() async throws {
            let shop = try await options.shop()
            try shop.check("The name", name: name)
            try await shop.open { ledger in
                try await ledger.change(.createStore(id?.id, name: name), about: Subject()) { store in
                    output.print("Added \(store.name) as store \(store.id).") { $0.value(store) }
                }
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the stores.")

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ShopOptions

        func run() async throws {
            try await options.shop().open { ledger in
                let listing = Listing<Store, StoreID>(
                    columns: [.number("ID"), .text("NAME")],
                    row: { [Table.Cell($0.id.description), Table.Cell($0.name)] }, write: { $0.value($1) },
                    nothing: "There is no store yet: `khata store add` adds one.")
                try await listing.print(json: output.json) { key throws(LedgerError) in
                    try await ledger.stores(StoreQuery(after: key, limit: 1_000), Freshness()).value
                }
            }
        }
    }

    struct Rename: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Renames a store.")

        @Argument(help: "The store's number.")
        var store: StoreArgument

        @Argument(help: "The name that it gets.")
        var name: String

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ShopOptions

        func run() async throws {
            let shop = try await options.shop()
            try shop.check("The name", name: name)
            try await shop.open { ledger in
                let subject = Subject(storeID: store.id)
                let found = try await explaining(subject) { try await ledger.store(store.id, Freshness()) }
                let old = found.value
                try await ledger.change(
                    .replaceStore(old.id, name: name, ifVersion: .oneOf([Version(old.position, in: found.history)])),
                    about: subject
                ) { store in
                    output.print("\(old.name) (store \(store.id)) is now called \(store.name).") { $0.value(store) }
                }
            }
        }
    }

    struct Archive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Archives a store without stock.",
            discussion: "Its history stays in the ledger, the reports and the audit log.")

        @Argument(help: "The store's number.")
        var store: StoreArgument

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ShopOptions

        func run() async throws {
            try await options.shop().open { ledger in
                let subject = Subject(storeID: store.id)
                let found = try await explaining(subject) { try await ledger.store(store.id, Freshness()) }
                let old = found.value
                try await ledger.change(
                    .archiveStore(old.id, ifVersion: .oneOf([Version(old.position, in: found.history)])), about: subject
                ) { store in
                    output.print("Archived \(store.name) (store \(store.id)).") { $0.value(store) }
                }
            }
        }
    }
}

extension StockWriting {
    /// Changes a store, and prints the result.
    fileprivate func change(_ change: CatalogChange, about subject: Subject, _ tell: (Store) -> Void) async throws {
        let item = try await explaining(subject) { try await self.change(change, .person()).value }
        guard case .store(let store) = item else { throw LedgerError.internalFailure }
        tell(store)
    }
}
