import ArgumentParser
import Basics
import Inventory
import InventoryContract
import InventoryHTTP
import JSON

struct MoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "move", abstract: "Records stock-in, sales and other removals.",
        discussion: """
            khata move in "Sugar 1kg" 5       five came in
            khata move sale "Sugar 1kg" 2     two were sold
            khata move out "Sugar 1kg" 1      one was taken out: broken, spoilt, used up
            """)

    enum Kind: String, CaseIterable, ExpressibleByArgument {
        case stockIn = "in"
        case sale
        case out

        var kind: Movement.Kind {
            switch self {
            case .stockIn: .stockIn
            case .sale: .sale
            case .out: .manualRemoval
            }
        }

        fileprivate var verb: String {
            switch self {
            case .stockIn: "Took in"
            case .sale: "Sold"
            case .out: "Took out"
            }
        }
    }

    @Argument(help: "in, sale or out.")
    var kind: Kind

    @OptionGroup var product: ProductArgument

    @Argument(help: "How many units.")
    var quantity: UnitsArgument

    @Option(help: "The store's number (default: default_store_id, which is 1 unless set).")
    var store: StoreArgument?

    @OptionGroup var notes: NotesOptions

    @Option(help: "Record it only if exactly this many are on hand.")
    var expected: Int64?

    @OptionGroup var output: OutputOptions
    @OptionGroup var options: ShopOptions

    func validate() throws {
        if let expected, !(0...maximumJSONInteger).contains(expected) {
            throw ValidationError("--expected has to be 0 or more.")
        }
    }

    func run() async throws {
        let shop = try await options.shop()
        try shop.check(quantity.quantity)
        try notes.check(for: shop)
        let storeID = store?.id ?? shop.defaultStore
        let key = notes.key ?? .randomID()
        try await shop.open { ledger in
            let found = try await ProductFinder(ledger: ledger).product(product.product)
            let movement = Movement(
                storeID: storeID, productID: found.id, kind: kind.kind, quantity: quantity.quantity,
                notes: notes.notes, expectedOnHand: expected)
            let subject = Subject(product: found.details.name, storeID: storeID, key: key)
            let receipt = try await explaining(subject) {
                try await ledger.record(
                    movement, .person(key: key, request: String(json: { $0.value(movement) })))
            }
            let recorded = receipt.value
            output.print(
                "\(receipt.isReplay ? "Recorded before: " : "")\(kind.verb) \(Int(recorded.quantity).grouped) of "
                    + "\(found.details.name) in store \(storeID): \(Int(recorded.onHand).grouped) on hand."
            ) { $0.value(recorded) }
        }
    }
}

/// The optional details of a movement or transfer.
struct NotesOptions: ParsableArguments {
    @Option(help: "Your reference: an order, an invoice, a receipt.")
    var reference: String?

    @Option(help: "A note, stored with it.")
    var note: String?

    @Option(help: "Makes the command safe to repeat with the same key (an Idempotency-Key).")
    var key: String?

    func validate() throws {
        guard let key else { return }
        guard IdempotencyKey.isValid(key) else {
            throw ValidationError("--key has to be 1 to 255 visible ASCII characters.")
        }
    }

    var notes: MovementNotes { MovementNotes(reference: reference, note: note) }

    func check(for shop: Shop) throws {
        try shop.check("The reference", name: reference)
        try shop.check("The note", note: note)
    }
}
