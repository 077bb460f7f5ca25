public import Access
public import Inventory
import Postgres

extension PostgresLedger: WebhookStoring {
    public func webhook(_ id: String) async throws(LedgerError) -> WebhookRecord? {
        try await items(Query(WebhookRecord.find, .text(id)), from: primary, WebhookRecord.init).first
    }

    public func webhooks() async throws(LedgerError) -> [WebhookRecord] {
        try await items(Query(WebhookRecord.list), from: primary, WebhookRecord.init)
    }

    public func storeWebhooks(
        _ actions: [(id: String, AuditAction)], _ context: CommandContext,
        _ change: @escaping CredentialChange<WebhookRecord>
    ) async throws(LedgerError) -> [WebhookRecord] {
        try await store(actions, context, change)
    }

    public func deliveryStates() async throws(LedgerError) -> [String: [DeliveryState]] {
        let states = try await items(Query(DeliveryState.list), from: primary) { row in
            (try row.text(0), try DeliveryState(row, from: 1))
        }
        return Dictionary(grouping: states, by: \.0).mapValues { $0.map(\.1) }
    }

    public func createWebhook(
        _ id: String, from start: SubscriptionStart, _ context: CommandContext,
        _ record: @escaping @Sendable (Timestamp) -> WebhookRecord
    ) async throws(LedgerError) -> WebhookRecord? {
        try await store([(id, .webhookCreated)], context) { _, now in
            [record(now)]
        } preparing: { session in
            guard try session.execute(WebhookRecord.count).one().int64(0) < WebhookRecord.maximum else { return false }
            _ = try session.pipeline([SubscriptionID(id).create(from: start)])
            return true
        }.first
    }

    public func holdWebhooks(
        _ ids: [String], as holder: String, for duration: Duration
    ) async throws(LedgerError) -> Set<String> {
        // In the same order everywhere, or two processes would wait for each other.
        let ids = ids.sorted()
        let queries = ids.map { SubscriptionID($0).hold(as: holder, for: duration) } + [Query(.commit)]
        return try await write { session in
            Set(zip(ids, try session.pipeline(queries)).filter { $1.first != nil }.map(\.0))
        }
    }

    public func storeProgress(
        _ progress: [DeliveryProgress], heldBy holder: String
    ) async throws(LedgerError) -> Set<String> {
        let progress = progress.sorted { $0.webhookID < $1.webhookID }
        let advances = progress.map { SubscriptionID($0.webhookID).advance(to: $0.cursors, heldBy: holder) }
        let puts = progress.map { DeliveryState.put($0.states, of: $0.webhookID, heldBy: holder) }
        return try await write { session in
            let results = try session.pipeline(
                [Query(.notWaitingForTheDisk)] + advances + puts + [Query(.commit)]
            ).dropFirst()
            let lost = try zip(progress, results).filter { progress, rows in
                let row = try rows.one()
                return try !row.bool(0) || row.int64(1) != progress.cursors.count
            }
            return Set(lost.map(\.0.webhookID))
        }
    }

    public func replay(_ storeID: StoreID, after position: Position, to id: String) async throws(LedgerError) {
        let queries = [
            Query(DeliveryState.replay, .text(id), .int64(storeID.rawValue), .int64(position.rawValue)), Query(.commit),
        ]
        try await write { session in _ = try session.pipeline(queries) }
    }
}
