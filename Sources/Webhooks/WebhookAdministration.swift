public import Access
public import Inventory
public import JSON
public import Logging

/// What administrators do with webhooks. Each change is logged, and is in the log of keys and users.
public struct WebhookAdministration: Sendable {
    public typealias Store = WebhookStoring & ChangeReading

    private let store: any Store
    private let sender: WebhookSender
    private let logger: Logger

    public init(_ store: any Store, sender: WebhookSender, logger: Logger) {
        self.store = store
        self.sender = sender
        self.logger = logger
    }

    /// Why a webhook is not as it is wanted.
    public enum Refusal: Error {
        /// In words that follow "the URL".
        case url(WebhookURL.Invalid)
        /// There are as many as there may be.
        case tooMany
        case unknownStore(StoreID)
        /// Events of the store are not sent to the webhook.
        case otherStore(StoreID)
        /// The store's ledger ends before the position.
        case positionBeyondEnd(Position)
    }

    /// - Parameters:
    ///   - types: Of the events; `nil` for all.
    ///   - start: Where it begins in the stores that there are.
    /// - Returns: The webhook and its secret, which nobody is shown again.
    /// - Throws: `Refusal`, `LedgerError`
    public func create(
        url: String, scope: StoreScope, types: [String]?, from start: SubscriptionStart, _ context: CommandContext
    ) async throws -> (WebhookRecord, WebhookSecret) {
        do {
            try sender.check(url)
        } catch {
            throw Refusal.url(error)
        }
        if let wanted = scope.stores {
            let known = Set(try await store.heads(of: scope).map(\.storeID))
            if let unknown = wanted.first(where: { !known.contains($0) }) { throw Refusal.unknownStore(unknown) }
        }
        let (id, secret) = (WebhookRecord.newID(), WebhookSecret.generate())
        let record = try await store.createWebhook(id, from: start, context) { now in
            WebhookRecord(
                id: id, url: url, scope: scope, types: types, secrets: [WebhookRecord.Secret(secret)], createdAt: now)
        }
        guard let record else { throw Refusal.tooMany }
        log(.webhookCreated, id, context)
        return (record, secret)
    }

    /// The webhooks in the order of creation, and how far each is.
    public func list() async throws(LedgerError) -> [(
        webhook: WebhookRecord, delivery: DeliverySummary
    )] {
        let (webhooks, states) = (try await store.webhooks(), try await store.deliveryStates())
        guard !webhooks.isEmpty else { return [] }
        let heads = try await store.heads(of: .all)
        var list: [(webhook: WebhookRecord, delivery: DeliverySummary)] = []
        for webhook in webhooks {
            let summary = DeliverySummary(
                states[webhook.id] ?? [], cursors: try await store.cursors(of: webhook.subscriptionID),
                heads: heads.filter { webhook.scope.contains($0.storeID) })
            list.append((webhook, summary))
        }
        return list
    }

    /// The webhook, and where it stands in each store that has events for it, by store.
    /// - Throws: `.notFound`, as do the following.
    public func show(_ id: String) async throws(LedgerError) -> (WebhookRecord, [DeliveryState]) {
        let record = try await store.existingWebhook(id)
        let cursors = try await store.cursors(of: record.subscriptionID)
        let states = try await store.deliveryStates()[id] ?? []
        var deliveries = Dictionary(
            cursors.map { ($0.storeID, DeliveryState(storeID: $0.storeID, position: $0.position)) },
            uniquingKeysWith: { $1 })
        for state in states {
            var state = state
            state.position = deliveries[state.storeID]?.position ?? .zero
            deliveries[state.storeID] = state
        }
        return (
            record, deliveries.values.filter { record.scope.contains($0.storeID) }.sorted { $0.storeID < $1.storeID }
        )
    }

    /// Replaces the secret; the old one signs along for some time.
    public func rotate(
        _ id: String, overlap: Duration, _ context: CommandContext
    ) async throws(LedgerError) -> (WebhookRecord, WebhookSecret) {
        let secret = WebhookSecret.generate()
        let record = try await change(id, .webhookRotated, context) { $0.rotate(to: secret, overlap: overlap, at: $1) }
        return (record, secret)
    }

    /// - Parameter reason: For people.
    public func disable(
        _ id: String, because reason: String? = nil, _ context: CommandContext
    ) async throws(LedgerError) -> WebhookRecord {
        try await change(id, .webhookDisabled, context) { webhook, now in
            guard webhook.disabledAt == nil else { return }
            (webhook.disabledAt, webhook.disabledReason) = (now, reason)
        }
    }

    /// It goes on where it stood.
    public func enable(_ id: String, _ context: CommandContext) async throws(LedgerError) -> WebhookRecord {
        try await change(id, .webhookEnabled, context) { webhook, _ in
            (webhook.disabledAt, webhook.disabledReason) = (nil, nil)
        }
    }

    public func delete(_ id: String, _ context: CommandContext) async throws(LedgerError) {
        _ = try await change(id, .webhookDeleted, context) { $0.delete(at: $1) }
    }

    /// Has a store's events after a position sent, again or for the first time, also if it was parked.
    /// - Throws: `Refusal`, `LedgerError`
    public func replay(
        _ storeID: StoreID, after position: Position, to id: String, _ context: CommandContext
    ) async throws -> WebhookRecord {
        let webhook = try await store.existingWebhook(id)
        guard webhook.scope.contains(storeID) else { throw Refusal.otherStore(storeID) }
        guard let head = try await store.heads(of: .only([storeID])).first else { throw Refusal.unknownStore(storeID) }
        guard position <= head.position else { throw Refusal.positionBeyondEnd(head.position) }
        let record = try await change(id, .webhookReplayed, context) { webhook, now in
            webhook.replayed = WebhookRecord.Replay(storeID: storeID, after: position, at: now)
        }
        try await store.replay(storeID, after: position, to: id)
        return record
    }

    /// Sends an event that tells of no change, now and once.
    /// - Returns: The receiver's status, or why there is none from 200 to 299.
    public func test(_ id: String) async throws(LedgerError) -> WebhookTest {
        let webhook = try await store.existingWebhook(id)
        let start = ContinuousClock.now
        let message = WebhookMessage(testing: webhook, at: .now)
        let result: Result<Int, DeliveryFailure>
        do {
            result = .success(
                try await sender.withReceiver(webhook.url) { receiver in
                    try await receiver.send(message, signedBy: webhook.secrets(at: .now), at: .now)
                })
        } catch {
            result = .failure(error as? DeliveryFailure ?? DeliveryFailure(sending: error, within: sender.timeout))
        }
        return WebhookTest(eventID: message.id, result: result, duration: .now - start)
    }

    private func change(
        _ id: String, _ action: AuditAction, _ context: CommandContext,
        _ change: @escaping @Sendable (inout WebhookRecord, Timestamp) -> Void
    ) async throws(LedgerError) -> WebhookRecord {
        let record = try await store.changeWebhook(id, action, context, change)
        log(action, id, context)
        return record
    }

    /// Without the URL, which may hold what only the receiver should know.
    private func log(_ action: AuditAction, _ id: String, _ context: CommandContext) {
        logger.notice(
            "a webhook was changed",
            metadata: [
                "event": "\(action.rawValue)", "subject": "webhook:\(id)", "actor": "\(context.actor)",
                "request_id": "\(context.requestID)",
            ])
    }
}

/// What a receiver did with a test event.
public struct WebhookTest: Sendable {
    public let eventID: String
    /// Its status from 200 to 299.
    public let result: Result<Int, DeliveryFailure>
    public let duration: Duration
}

extension JSONWriter {
    public mutating func value(_ test: WebhookTest) {
        let (status, failure): (Int?, String?) =
            switch test.result {
            case .success(let status): (status, nil)
            case .failure(let failure): (failure.status, failure.reason)
            }
        openObject()
        field("event_id", test.eventID)
        field("delivered", failure == nil)
        key("status")
        if let status { value(Int64(status)) } else { null() }
        nullableField("failure", failure)
        field("duration_ms", Int64(test.duration / .milliseconds(1)))
        closeObject()
    }
}
