/// On whose behalf a command runs: what the audit log records beside the change itself.
public struct CommandContext: Sendable {
    /// The principal's id, as `key:7f3a…`.
    public let actor: String
    public let requestID: String
    public let idempotency: IdempotencyKey?
    /// When the change happened, for history that is loaded from elsewhere; `nil` means now. Never below the
    /// ledger's last time, so that time order and position order agree.
    public private(set) var recordedAt: Timestamp?
    /// What an import calls the change; the idempotency key is made of it.
    public let importName: ImportName?

    public init(
        actor: String, requestID: String, idempotency: IdempotencyKey? = nil, recordedAt: Timestamp? = nil
    ) {
        self.actor = actor
        self.requestID = requestID
        self.idempotency = idempotency
        self.recordedAt = recordedAt
        importName = nil
    }

    /// - Parameter change: What is done under the name.
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
