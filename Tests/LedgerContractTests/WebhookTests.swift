import Access
import Inventory
import InventoryTesting
import Testing

/// Not of a server: there the program itself delivers.
@Suite("Webhooks")
struct WebhookTests {
    private static let id = "0123456789ab"

    private static func create(
        _ id: String = id, in ledger: any AnyStorage
    ) async throws -> (WebhookRecord, WebhookSecret) {
        let secret = WebhookSecret.generate()
        try await ledger.createSubscription(SubscriptionID(id), from: .end)
        let record = try await ledger.storeWebhooks([(id, .webhookCreated)], .testing()) { stored, now in
            #expect(stored.isEmpty)
            return [
                WebhookRecord(
                    id: id, url: "https://example.com/\(id)", scope: .only([.one]), types: ["khata.stock.moved.v1"],
                    secrets: [WebhookRecord.Secret(secret)], createdAt: now)
            ]
        }[0]
        return (record, secret)
    }

    @Test("are stored with an entry for each change, in which no secret is", arguments: StorageUnderTest.allCases)
    func log(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            let (created, secret) = try await Self.create(in: ledger)
            let (second, _) = try await Self.create("ba9876543210", in: ledger)
            #expect(created.secrets(at: .now) == [secret] && created.isActive)
            #expect(try await ledger.webhooks() == [created, second])
            #expect(try await ledger.webhook(Self.id) == created)
            #expect(try await ledger.webhook("000000000000") == nil)
            let new = WebhookSecret.generate()
            let rotated = try await ledger.changeWebhook(Self.id, .webhookRotated, .testing()) {
                $0.rotate(to: new, overlap: .seconds(3_600), at: $1)
            }
            #expect(rotated.secrets(at: .now) == [new, secret])
            _ = try await ledger.changeWebhook(Self.id, .webhookDisabled, .testing()) { webhook, now in
                (webhook.disabledAt, webhook.disabledReason) = (now, "a reason")
            }
            // What changes nothing.
            _ = try await ledger.changeWebhook(Self.id, .webhookDisabled, .testing()) { _, _ in }
            let deleted = try await ledger.changeWebhook(Self.id, .webhookDeleted, .testing()) { $0.delete(at: $1) }
            #expect(deleted.secrets.isEmpty && deleted.disabledReason == "a reason")
            #expect(try await ledger.webhook(Self.id) == deleted)
            #expect(try await ledger.webhooks() == [second])
            await #expect(throws: LedgerError.self) { try await ledger.existingWebhook(Self.id) }
            await #expect(throws: LedgerError.self) {
                try await ledger.changeWebhook(Self.id, .webhookEnabled, .testing()) { webhook, _ in
                    webhook.disabledAt = nil
                }
            }

            let entries = try await ledger.credentialLog(after: .zero, limit: 10).entries
            #expect(
                entries.map(\.action) == [
                    .webhookCreated, .webhookCreated, .webhookRotated, .webhookDisabled, .webhookDeleted,
                ])
            #expect(entries[0].subject == "webhook:\(Self.id)")
            for entry in entries {
                #expect(!entry.detail.contains(secret.text) && !entry.detail.contains(new.text))
            }
            let finding = try await LedgerVerification(ledger).verify(.credentials)
            #expect(finding.differences.first == [] && finding.credentials == 2)
        }
    }

    @Test("have the state of each store's delivery, which only their holder says", arguments: StorageUnderTest.allCases)
    func states(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            let (webhook, _) = try await Self.create(in: ledger)
            let later = Timestamp(microseconds: 1_800_000_000_000_000)
            let failed = DeliveryState(storeID: .one, attempts: 3, nextAttemptAt: later, lastFailure: "no")
            let parked = DeliveryState(storeID: .catalog, attempts: 10, parkedAt: later, lastFailure: "no")
            func put(_ states: [DeliveryState], as holder: String = "a") async throws {
                try await ledger.putDeliveryStates(states, of: Self.id, heldBy: holder)
            }
            await #expect(throws: LedgerError.self) { try await put([failed]) }
            #expect(try await ledger.deliveryStates().isEmpty)
            #expect(try await ledger.holdSubscription(webhook.subscriptionID, as: "a", for: .seconds(60)))
            try await put([failed, parked])
            await #expect(throws: LedgerError.self) { try await put([DeliveryState(storeID: .one)], as: "b") }
            #expect(try await Set(ledger.deliveryStates()[Self.id] ?? []) == [failed, parked])
            try await put([DeliveryState(storeID: .one)])
            #expect(try await ledger.deliveryStates() == [Self.id: [parked]])

            // A replay is wanted until its holder has begun it, and not another one.
            try await ledger.replay(.catalog, after: Position(rawValue: 1), to: Self.id)
            try await ledger.replay(.two, after: .zero, to: Self.id)
            var wanted = parked
            wanted.replayAfter = Position(rawValue: 1)
            let two = DeliveryState(storeID: .two, replayAfter: .zero)
            #expect(try await Set(ledger.deliveryStates()[Self.id] ?? []) == [wanted, two])
            try await put([DeliveryState(storeID: .catalog), DeliveryState(storeID: .two, replayAfter: .zero)])
            #expect(
                try await ledger.deliveryStates()
                    == [Self.id: [DeliveryState(storeID: .catalog, replayAfter: Position(rawValue: 1))]])
            try await ledger.replay(.catalog, after: Position(rawValue: 2), to: Self.id)
            try await put([DeliveryState(storeID: .catalog, replayAfter: Position(rawValue: 1))])
            #expect(try await ledger.deliveryStates()[Self.id]?.first?.replayAfter == Position(rawValue: 2))
            try await put([DeliveryState(storeID: .catalog, replayAfter: Position(rawValue: 2))])
            #expect(try await ledger.deliveryStates().isEmpty)
        }
    }
}
