public import Inventory

/// Stores webhooks, and how far events have come to them. A webhook is a subscription with the same id.
public protocol WebhookStoring: SubscriptionStoring {
    /// Deleted ones, too.
    func webhook(_ id: String) async throws(LedgerError) -> WebhookRecord?
    /// Those that are not deleted, in the order of creation.
    func webhooks() async throws(LedgerError) -> [WebhookRecord]
    /// Changes webhooks, as ``CredentialStoring/storeAPIKeys(_:_:_:)`` does keys, with an entry in the log of keys and users.
    /// One that is deleted loses its subscription and all that is known of its deliveries.
    func storeWebhooks(
        _ actions: [(id: String, AuditAction)], _ context: CommandContext,
        _ change: @escaping CredentialChange<WebhookRecord>
    ) async throws(LedgerError) -> [WebhookRecord]

    /// Stores a new webhook with its subscription, in one transaction.
    /// - Parameter record: Given the time.
    /// - Returns: `nil` if there are ``WebhookRecord/maximum`` already: nothing is stored.
    func createWebhook(
        _ id: String, from start: SubscriptionStart, _ context: CommandContext,
        _ record: @escaping @Sendable (Timestamp) -> WebhookRecord
    ) async throws(LedgerError) -> WebhookRecord?

    /// Takes webhooks' subscriptions, as ``SubscriptionStoring/holdSubscription(_:as:for:)`` does one.
    /// - Returns: Those that this holder has now.
    func holdWebhooks(
        _ ids: [String], as holder: String, for duration: Duration
    ) async throws(LedgerError) -> Set<String>
    /// The stores whose events are held up or wanted again, by webhook; without their positions.
    func deliveryStates() async throws(LedgerError) -> [String: [DeliveryState]]
    /// Stores how far webhooks are, in one transaction. A crash of the database may lose this: then events are sent again.
    /// - Returns: The webhooks that are to be read again, because another process has taken the subscription, or a ledger
    ///   does not have its cursor's entry, which a failover has lost.
    func storeProgress(
        _ progress: [DeliveryProgress], heldBy holder: String
    ) async throws(LedgerError) -> Set<String>
    /// Has a store's events after a position delivered, whether or not they were before.
    func replay(_ storeID: StoreID, after position: Position, to id: String) async throws(LedgerError)
}

/// What became of a webhook's events.
public struct DeliveryProgress: Sendable {
    public let webhookID: String
    /// Up to which its receiver has everything.
    public let cursors: [SubscriptionCursor]
    /// What became of attempts. A replay that a state has was begun, unless another one is wanted since.
    public let states: [DeliveryState]

    public init(_ webhookID: String, cursors: [SubscriptionCursor] = [], states: [DeliveryState] = []) {
        self.webhookID = webhookID
        self.cursors = cursors
        self.states = states
    }
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
