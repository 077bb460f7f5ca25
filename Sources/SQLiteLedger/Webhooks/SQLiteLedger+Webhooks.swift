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

    public func putDeliveryStates(
        _ states: [DeliveryState], of id: String, heldBy holder: String
    ) async throws(LedgerError) {
        let isHeld = try await write { database in
            let isHeld = try Self.isHeld(SubscriptionID(id), by: holder, in: database)
            if isHeld { for state in states { try state.put(of: id, in: database) } }
            return Written(value: isHeld, isEmpty: !isHeld || states.isEmpty)
        }
        guard isHeld else { throw .refused(.preconditionFailed) }
    }

    public func replay(_ storeID: StoreID, after position: Position, to id: String) async throws(LedgerError) {
        try await write { database in
            try DeliveryState.replay(storeID, after: position, to: id, in: database)
            return Written(value: (), isEmpty: false)
        }
    }
}
