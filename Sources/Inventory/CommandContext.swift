/// On whose behalf a command runs: what the audit log records beside the change itself.
public struct CommandContext: Sendable {
    /// The principal's id, as `key:7f3a…`.
    public let actor: String
    public let requestID: String
    public let idempotency: IdempotencyKey?
    /// When the change happened, for history that is loaded from elsewhere; `nil` means now. Never below the
    /// ledger's last time, so that time order and position order agree.
    public let recordedAt: Timestamp?

    public init(
        actor: String, requestID: String, idempotency: IdempotencyKey? = nil, recordedAt: Timestamp? = nil
    ) {
        self.actor = actor
        self.requestID = requestID
        self.idempotency = idempotency
        self.recordedAt = recordedAt
    }

    func recorded(at time: Timestamp) -> CommandContext {
        CommandContext(actor: actor, requestID: requestID, idempotency: idempotency, recordedAt: time)
    }
}
