public import Access
import GRDB
public import Inventory

extension SQLiteLedger: WebhookStoring {
    public func webhook(_ id: String) async throws(LedgerError) -> WebhookRecord? {
        try await reader.lookUp { database in try WebhookRecord.find(id, in: database) }
    }

    public func webhooks() async throws(LedgerError) -> [WebhookRecord] {
        try await reader.lookUp { database in try WebhookRecord.list(in: database) }
    }

    public func storeWebhooks(
        _ actions: [(id: String, AuditAction)], _ context: CommandContext,
        _ change: @escaping CredentialChange<WebhookRecord>
    ) async throws(LedgerError) -> [WebhookRecord] {
        try await store(actions, context, change)
    }

    public func deliveryStates() async throws(LedgerError) -> [String: [DeliveryState]] {
        let states = try await reader.lookUp { database in try DeliveryState.list(in: database) }
        return Dictionary(grouping: states, by: \.0).mapValues { $0.map(\.1) }
    }

    public func createWebhook(
        _ id: String, from start: SubscriptionStart, _ context: CommandContext,
        _ record: @escaping @Sendable (Timestamp) -> WebhookRecord
    ) async throws(LedgerError) -> WebhookRecord? {
        try await store([(id, .webhookCreated)], context) { _, now in
            [record(now)]
        } preparing: { database in
            guard try WebhookRecord.list(in: database).count < WebhookRecord.maximum else { return false }
            return try SubscriptionID(id).create(from: start, in: database)
        }.first
    }

    public func holdWebhooks(
        _ ids: [String], as holder: String, for duration: Duration
    ) async throws(LedgerError) -> Set<String> {
        try await write { database in
            let held = try ids.filter { try SubscriptionID($0).hold(as: holder, for: duration, in: database) }
            return Written(value: Set(held), isEmpty: held.isEmpty)
        }
    }

    public func storeProgress(
        _ progress: [DeliveryProgress], heldBy holder: String
    ) async throws(LedgerError) -> Set<String> {
        try await write { database in
            var (lost, isEmpty): (Set<String>, Bool) = ([], true)
            for webhook in progress {
                let id = SubscriptionID(webhook.webhookID)
                guard try id.isHeld(by: holder, in: database) else {
                    lost.insert(webhook.webhookID)
                    continue
                }
                isEmpty = false
                if try id.advance(to: webhook.cursors, in: database) < webhook.cursors.count {
                    lost.insert(webhook.webhookID)
                }
                for state in webhook.states { try state.put(of: webhook.webhookID, in: database) }
            }
            return Written(value: lost, isEmpty: isEmpty)
        }
    }

    public func replay(_ storeID: StoreID, after position: Position, to id: String) async throws(LedgerError) {
        try await write { database in
            try DeliveryState.replay(storeID, after: position, to: id, in: database)
            return Written(value: (), isEmpty: false)
        }
    }
}
