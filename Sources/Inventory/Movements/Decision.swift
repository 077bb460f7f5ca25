/// The writes of a list of commands, and the result of each.
public struct Decision: Sendable {
    /// One for each command, in order.
    public let receipts: [Result<Receipt<Outcome>, Refusal>]
    /// In the order in which they were made; each store's positions are consecutive.
    public let entries: [LedgerEntry]
    /// One for each entry, in the same order.
    public let audit: [AuditEntry]
    /// The heads of the ledgers that advanced.
    public let heads: [StoreID: LedgerHead]
    public let records: [IdempotencyRecord]

    /// The last entry of each level that changed.
    public var lastEntries: [LevelKey: LedgerEntry] {
        Dictionary(entries.map { (LevelKey($0.storeID, $0.productID), $0) }, uniquingKeysWith: { $1 })
    }
}

/// Decides commands, one after the other, on the state that the locks protect.
///
/// Pure: reads no clock and no database, so both ledgers share it, and the rules are tested without a database.
public func decide(_ commands: [MovementCommand], on state: LockedState) -> Decision {
    var draft = LedgerDraft(state)
    let receipts = commands.map { command in
        Result { () throws(Refusal) in try draft.execute(command) }
    }
    return draft.decision(receipts)
}

/// Applies one movement to a level.
/// - Returns: The level after it.
/// - Throws: `.stockChanged`, or `.insufficientStock` when it would take the level below zero.
func level(
    after movement: MovementType, of quantity: Quantity, on onHand: Int64, expected: Int64? = nil
) throws(Refusal) -> Int64 {
    if let expected, expected != onHand { throw .stockChanged(onHand: onHand) }
    // An overflow wraps to below zero, too.
    let after = onHand &+ movement.sign * quantity.units
    guard after >= 0 else { throw .insufficientStock(onHand: onHand, requested: quantity.units) }
    return after
}
