import ArgumentParser
import Inventory
import InventoryHTTP

/// A quantity argument.
struct UnitsArgument: ExpressibleByArgument {
    let quantity: Quantity

    init?(argument: String) {
        guard let units = Int64(argument), let quantity = Quantity(units) else { return nil }
        self.quantity = quantity
    }
}

struct StoreArgument: ExpressibleByArgument, Hashable {
    let id: StoreID

    /// A store argument. 0 is not a store but the catalog's ledger.
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
    /// Limits that a server also applies to its clients. A server in another process applies and reports its own.
    private var limits: InputLimits? { isOnServer ? nil : settings.limits.input }

    func check(_ title: String, name: String?) throws { try limits?.check(title, name: name) }
    func check(_ title: String, note: String?) throws { try limits?.check(title, note: note) }

    func check(_ quantity: Quantity) throws {
        guard let limits, quantity.units > limits.quantity else { return }
        throw ValidationError("A movement moves at most \(Int(limits.quantity).grouped) (limits.quantity).")
    }
}

extension InputLimits {
    /// - Throws: `ValidationError`.
    func check(_ title: String, name: String?) throws {
        try check(title, name, atMost: nameCharacters, "limits.name_characters")
    }

    /// - Throws: `ValidationError`.
    func check(_ title: String, note: String?) throws {
        try check(title, note, atMost: noteCharacters, "limits.note_characters")
    }

    /// - Parameter setting: The key of the setting.
    private func check(_ title: String, _ text: String?, atMost maximum: Int, _ setting: String) throws {
        guard let text, !isPrintable(text, atMost: maximum) else { return }
        throw ValidationError(
            "\(title) has to be 1 to \(maximum) characters (\(setting)), none of them control or invisible.")
    }
}
