public import Inventory

extension StoreID {
    public static let one = StoreID(rawValue: 1)
    public static let two = StoreID(rawValue: 2)
}

extension ProductID {
    public static let rice = ProductID(rawValue: 101)
    public static let sugar = ProductID(rawValue: 102)
}

extension LevelKey {
    public static let riceInOne = LevelKey(.one, .rice)
    public static let sugarInOne = LevelKey(.one, .sugar)
    public static let sugarInTwo = LevelKey(.two, .sugar)
}

extension CommandContext {
    public static let testing = CommandContext(actor: "key:test", requestID: "test")
}

extension Movement {
    public static func stockIn(_ units: Int64, _ level: LevelKey = .sugarInOne, note: String? = nil) -> Movement {
        of(.stockIn, units, level, note: note)
    }

    public static func sale(_ units: Int64, _ level: LevelKey = .sugarInOne) -> Movement { of(.sale, units, level) }

    public static func of(
        _ kind: Kind, _ units: Int64, _ level: LevelKey = .sugarInOne, note: String? = nil
    ) -> Movement {
        guard let quantity = Quantity(units) else { preconditionFailure("\(units) is no quantity") }
        return Movement(
            storeID: level.storeID, productID: level.productID, kind: kind, quantity: quantity,
            notes: MovementNotes(note: note))
    }
}
