import ArgumentParser
import Basics
import Inventory
import InventoryContract
import JSON

struct TransferCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfer", abstract: "Moves stock from one store to another, atomically.")

    @OptionGroup var product: ProductArgument

    @Argument(help: "How many units.")
    var quantity: UnitsArgument

    @Option(help: "The number of the store to take it from.")
    var from: StoreArgument

    @Option(help: "The number of the store to move it to.")
    var to: StoreArgument

    @OptionGroup var notes: NotesOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var options: ShopOptions

    func validate() throws {
        guard from != to else { throw ValidationError("--from and --to must be different stores.") }
    }

    func run() async throws {
        let shop = try await options.shop()
        try shop.check(quantity.quantity)
        try notes.check(for: shop)
        let key = notes.key ?? .randomID()
        try await shop.open { ledger in
            let found = try await ProductFinder(ledger: ledger).product(product.product)
            let transfer = Transfer(
                productID: found.id, from: from.id, to: to.id, quantity: quantity.quantity, notes: notes.notes)
            let subject = Subject(product: found.details.name, storeID: from.id, key: key)
            let receipt = try await explaining(subject) {
                try await ledger.record(
                    transfer, .person(key: key, request: String(json: { $0.value(transfer) })))
            }
            let recorded = receipt.value
            output.print(
                "\(receipt.isReplay ? "Recorded before: " : "")Moved \(Int(recorded.out.quantity).grouped) of "
                    + "\(found.details.name) from store \(from.id) (\(Int(recorded.out.onHand).grouped) on hand) to "
                    + "store \(to.id) (\(Int(recorded.in.onHand).grouped) on hand)."
            ) { $0.value(recorded) }
        }
    }
}
