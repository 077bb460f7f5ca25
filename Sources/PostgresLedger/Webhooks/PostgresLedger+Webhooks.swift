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

    public func putDeliveryStates(
        _ states: [DeliveryState], of id: String, heldBy holder: String
    ) async throws(LedgerError) {
        let queries = [DeliveryState.put(states, of: id, heldBy: holder), Query(.commit)]
        try await write { session in
            guard try session.pipeline(queries)[0].one().bool(0) else { throw LedgerError.refused(.preconditionFailed) }
        }
    }

    public func replay(_ storeID: StoreID, after position: Position, to id: String) async throws(LedgerError) {
        let queries = [
            Query(DeliveryState.replay, .text(id), .int64(storeID.rawValue), .int64(position.rawValue)), Query(.commit),
        ]
        try await write { session in _ = try session.pipeline(queries) }
    }
}
