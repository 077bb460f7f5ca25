/// One request to the write path, and on whose behalf.
public struct MovementCommand: Sendable {
    public enum Change: Sendable {
        case movement(Movement)
        case transfer(Transfer)
        case batch(Batch)
    }

    public let change: Change
    public let context: CommandContext

    public init(_ change: Change, _ context: CommandContext) {
        self.change = change
        self.context = context
    }

    /// Asks what a key remembers: a batch of nothing is answered with that, and is remembered itself by no key.
    public static func replay(of key: IdempotencyKey) -> MovementCommand {
        MovementCommand(.batch(Batch([])), CommandContext(actor: key.principal, requestID: "", idempotency: key))
    }

    /// How many ledger entries it makes at most; of one that makes none, 1.
    public var lineCount: Int {
        switch change {
        case .movement: 1
        case .transfer: 2
        case .batch(let batch): max(1, batch.lines.count)
        }
    }

    /// The levels that it may change, repeated where the command repeats them.
    public func forEachLevel(_ body: (LevelKey) -> Void) {
        switch change {
        case .movement(let movement):
            body(movement.level)
        case .transfer(let transfer):
            body(LevelKey(transfer.from, transfer.productID))
            body(LevelKey(transfer.to, transfer.productID))
        case .batch(let batch):
            for case .movement(let movement) in batch.lines { body(movement.level) }
        }
    }
}
