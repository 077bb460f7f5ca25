import Inventory

/// The change that a row of opening stock or movements makes to the ledger.
struct PlannedRow: Sendable {
    enum Change: Sendable {
        case movement(Movement)
        case transfer(Transfer)
    }

    let record: CSVRecord
    let change: Change
    let recordedAt: Timestamp?
    let externalID: String?
}

/// Parses the rows of a file of opening stock or movements.
struct MovementRows {
    let catalog: CatalogIndex
    let header: FileHeader
    /// No row may have been recorded after this.
    let now: Timestamp
    /// The time of each store's last row.
    private var lastTimes: [StoreID: Timestamp] = [:]

    init(_ catalog: CatalogIndex, _ header: FileHeader, now: Timestamp) {
        self.catalog = catalog
        self.header = header
        self.now = now
    }

    /// The tolerated clock difference.
    private static let tolerance: Int64 = 60_000_000

    /// - Returns: `nil` if the row is refused or has no effect: an opening stock of 0.
    mutating func planned(_ row: inout ImportRow) -> PlannedRow? {
        let store = row.store(.storeID, in: catalog)
        let product = row.product(in: catalog)
        let change: PlannedRow.Change?
        if header.kind == .stock {
            change = opening(&row, store, product?.id)
        } else {
            change = row.isTransfer ? transfer(&row, store, product?.id) : movement(&row, store, product?.id)
        }
        let recordedAt = recordedAt(&row, store)
        let externalID = row.name(.externalID)
        if header.has(.externalID), row.field(.externalID) == nil { row.refuse(.externalID, "is required") }
        guard row.problems.isEmpty, var change else { return nil }
        if case .movement(var movement) = change {
            movement.recordedAt = recordedAt
            change = .movement(movement)
        }
        return PlannedRow(record: row.record, change: change, recordedAt: recordedAt, externalID: externalID)
    }

    /// Opening stock: a first stock-in.
    private func opening(_ row: inout ImportRow, _ store: StoreID?, _ product: ProductID?) -> PlannedRow.Change? {
        let onHand = row.required(.onHand, row.units(.onHand, from: 0))
        guard let store, let product, let quantity = onHand.flatMap(Quantity.init) else { return nil }
        return .movement(
            Movement(
                storeID: store, productID: product, kind: .stockIn, quantity: quantity,
                notes: MovementNotes(note: "opening stock"), expectedOnHand: 0))
    }

    private func movement(_ row: inout ImportRow, _ store: StoreID?, _ product: ProductID?) -> PlannedRow.Change? {
        let kind = row.kind()
        let quantity = row.quantity()
        let notes = row.notes()
        if row.field(.toStoreID) != nil { row.refuse(.toStoreID, "is for transfers") }
        guard let store, let product, let kind, let quantity else { return nil }
        return .movement(
            Movement(storeID: store, productID: product, kind: kind, quantity: quantity, notes: notes))
    }

    private func transfer(_ row: inout ImportRow, _ store: StoreID?, _ product: ProductID?) -> PlannedRow.Change? {
        let other = row.store(.toStoreID, in: catalog)
        let quantity = row.quantity()
        let notes = row.notes()
        if let store, store == other { row.refuse(.toStoreID, "must not be the store that the stock comes from") }
        guard let store, let other, store != other, let product, let quantity else { return nil }
        return .transfer(Transfer(productID: product, from: store, to: other, quantity: quantity, notes: notes))
    }

    /// A store's rows become its ledger in the same order, so their times must not decrease. A transfer's time is the
    /// earlier one of its two sides.
    private mutating func recordedAt(_ row: inout ImportRow, _ store: StoreID?) -> Timestamp? {
        guard let time = row.time(.recordedAt) else { return nil }
        if time.microseconds > now.microseconds + Self.tolerance { row.refuse(.recordedAt, "is in the future") }
        guard let store, !row.isTransfer else { return time }
        if let last = lastTimes[store], last > time {
            row.refuse(.recordedAt, "is before that of a row above, of the same store")
        }
        lastTimes[store] = time
        return time
    }
}

extension ImportRow {
    /// Also called for a refused row.
    var isTransfer: Bool { field(.movementType) == "transfer" }

    private static let kinds: [String: Movement.Kind] = [
        "stock-in": .stockIn, "sale": .sale, "manual-removal": .manualRemoval,
        "IN": .stockIn, "SALE": .sale, "REMOVAL": .manualRemoval,
    ]

    fileprivate mutating func kind() -> Movement.Kind? {
        guard let name = required(.movementType, field(.movementType)) else { return nil }
        if let kind = Self.kinds[name] { return kind }
        refuse(.movementType, "must be stock-in, sale, manual-removal or transfer")
        return nil
    }

    fileprivate mutating func quantity() -> Quantity? {
        required(.quantity, units(.quantity, from: 1)).flatMap(Quantity.init)
    }

    fileprivate mutating func notes() -> MovementNotes {
        MovementNotes(occurredAt: time(.occurredAt), reference: name(.reference), note: note(.note))
    }
}
