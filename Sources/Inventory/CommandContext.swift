/// Who runs a command, for which request: what the audit log records besides the change itself.
public struct CommandContext: Sendable {
    /// The principal's id, such as `key:7f3a…`.
    public let actor: String
    public let requestID: String
    public let idempotency: IdempotencyKey?
    /// When the change was recorded, for imported history; `nil` means now. Clamped to the ledger's last time, so that
    /// time order and position order agree.
    public private(set) var recordedAt: Timestamp?
    /// The change's name within an import; the idempotency key is derived from it.
    public let importName: ImportName?
    /// The stores that a refusal may tell the principal of.
    public var scope = StoreScope.all
    /// Whether a refusal, too, is recorded under the idempotency key, so that it is repeated, whatever changes until then.
    /// For commands that are delivered again without anybody's doing.
    public var recordsRefusals = false

    public init(
        actor: String, requestID: String, idempotency: IdempotencyKey? = nil, recordedAt: Timestamp? = nil
    ) {
        self.actor = actor
        self.requestID = requestID
        self.idempotency = idempotency
        self.recordedAt = recordedAt
        importName = nil
    }

    /// - Parameter change: The change that the name identifies.
    public init(
        actor: String, requestID: String, importing change: MovementCommand.Change, as name: ImportName,
        recordedAt: Timestamp? = nil
    ) {
        self.actor = actor
        self.requestID = requestID
        idempotency = name.key(for: change)
        self.recordedAt = recordedAt
        importName = name
    }

    func recorded(at time: Timestamp) -> CommandContext {
        var context = self
        context.recordedAt = time
        return context
    }
}
