/// A command of the write path, and its context.
public struct MovementCommand: Sendable {
    public enum Change: Sendable {
        case movement(Movement)
        case transfer(Transfer)
        case batch(Batch)
    }

    public let change: Change
    public let context: CommandContext
    /// Why it was refused before it came to the ledger.
    private(set) var refusal: Refusal?

    public init(_ change: Change, _ context: CommandContext) {
        self.change = change
        self.context = context
    }

    /// Looks up the outcome stored under a key: an empty batch, which records nothing itself.
    public static func replay(of key: IdempotencyKey) -> MovementCommand {
        MovementCommand(.batch(Batch([])), CommandContext(actor: key.principal, requestID: "", idempotency: key))
    }

    /// A command that was refused before it came to the ledger, which repeats the outcome that is stored under its key, or
    /// else records the refusal there, as its context says.
    public static func refused(_ refusal: Refusal, _ context: CommandContext) -> MovementCommand {
        var command = MovementCommand(.batch(Batch([])), context)
        command.refusal = refusal
        return command
    }

    /// The maximum number of ledger entries that it makes; at least 1.
    public var lineCount: Int {
        switch change {
        case .movement: 1
        case .transfer: 2
        case .batch(let batch): max(1, batch.lines.count)
        }
    }

    /// Calls `body` with each level that it may change, with repetitions.
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
