import ArgumentParser
import Inventory
import InventoryHTTP

/// A number of units, as people type it.
struct UnitsArgument: ExpressibleByArgument {
    let quantity: Quantity

    init?(argument: String) {
        guard let units = Int64(argument), let quantity = Quantity(units) else { return nil }
        self.quantity = quantity
    }
}

struct StoreArgument: ExpressibleByArgument, Hashable {
    let id: StoreID

    /// No store has the id 0: that is the catalog's ledger.
    init?(argument: String) {
        guard let number = Int64(argument), (1...maximumJSONInteger).contains(number) else { return nil }
        id = StoreID(rawValue: number)
    }
}

struct ProductIDArgument: ExpressibleByArgument {
    let id: ProductID

    init?(argument: String) {
        guard let number = Int64(argument), (1...maximumJSONInteger).contains(number) else { return nil }
        id = ProductID(rawValue: number)
    }
}

extension Shop {
    /// - Throws: `ValidationError` for a text that the front would not take from a client.
    func check(_ name: String, _ text: String?, atMost maximum: KeyPath<Limits, Int> = \.nameCharacters) throws {
        guard let limits, let text else { return }
        guard isPrintable(text, atMost: limits[keyPath: maximum]) else {
            throw ValidationError(
                "\(name) has to be 1 to \(limits[keyPath: maximum]) characters, none of them a control character.")
        }
    }

    func check(_ quantity: Quantity) throws {
        guard let limits, quantity.units > limits.quantity else { return }
        throw ValidationError("A movement moves at maximum \(Int(limits.quantity).grouped).")
    }
}
