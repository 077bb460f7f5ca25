public import Inventory

/// Stores webhooks, and how far events have come to them. A webhook is a subscription with the same id.
public protocol WebhookStoring: SubscriptionStoring {
    /// Deleted ones, too.
    func webhook(_ id: String) async throws(LedgerError) -> WebhookRecord?
    /// Those that are not deleted, in the order of creation.
    func webhooks() async throws(LedgerError) -> [WebhookRecord]
    /// Stores webhooks, as ``CredentialStoring/storeAPIKeys(_:_:_:)`` does keys, with an entry in the log of keys and users.
    func storeWebhooks(
        _ actions: [(id: String, AuditAction)], _ context: CommandContext,
        _ change: @escaping CredentialChange<WebhookRecord>
    ) async throws(LedgerError) -> [WebhookRecord]

    /// The stores whose events are held up or wanted again, by webhook; without their positions.
    func deliveryStates() async throws(LedgerError) -> [String: [DeliveryState]]
    /// Stores what became of attempts to deliver. A replay that a state has was begun, unless another one is wanted since.
    /// - Throws: `.refused(.preconditionFailed)` if another process has taken the subscription: nothing is stored.
    func putDeliveryStates(
        _ states: [DeliveryState], of id: String, heldBy holder: String
    ) async throws(LedgerError)
    /// Has a store's events after a position delivered, whether or not they were before.
    func replay(_ storeID: StoreID, after position: Position, to id: String) async throws(LedgerError)
}

extension WebhookStoring {
    /// The webhook, unless it is deleted.
    /// - Throws: `.notFound`
    public func existingWebhook(_ id: String) async throws(LedgerError) -> WebhookRecord {
        guard let record = try await webhook(id), record.deletedAt == nil else { throw .notFound }
        return record
    }

    /// - Throws: `.notFound`, also for a deleted one.
    public func changeWebhook(
        _ id: String, _ action: AuditAction, _ context: CommandContext,
        _ change: @escaping @Sendable (inout WebhookRecord, Timestamp) -> Void
    ) async throws(LedgerError) -> WebhookRecord {
        try await storeWebhooks([(id, action)], context) { stored, now throws(LedgerError) in
            guard var record = stored.first, record.deletedAt == nil else { throw .notFound }
            change(&record, now)
            return [record]
        }[0]
    }
}
