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
        let record = try await ledger.createWebhook(id, from: .end, .testing()) { now in
            WebhookRecord(
                id: id, url: "https://example.com/\(id)", scope: .only([.one]), types: ["khata.stock.moved.v1"],
                secrets: [WebhookRecord.Secret(secret)], createdAt: now)
        }
        return (try #require(record), secret)
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
                let progress = DeliveryProgress(Self.id, states: states)
                let lost = try await ledger.storeProgress([progress], heldBy: holder)
                guard lost.isEmpty else { throw LedgerError.refused(.preconditionFailed) }
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

    @Test("are at most as many as there may be, however many are created at once", arguments: StorageUnderTest.allCases)
    func maximum(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            let created = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<(WebhookRecord.maximum + 8) {
                    group.addTask {
                        let id = WebhookRecord.newID()
                        return try await ledger.createWebhook(id, from: .end, .testing()) { now in
                            WebhookRecord(
                                id: id, url: "https://example.com", scope: .all, types: nil,
                                secrets: [WebhookRecord.Secret(.generate())], createdAt: now)
                        } != nil
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(created == WebhookRecord.maximum)
            let webhooks = try await ledger.webhooks()
            #expect(webhooks.count == WebhookRecord.maximum)
            #expect(try await ledger.credentialLog(after: .zero, limit: 200).entries.count == WebhookRecord.maximum)
            _ = try await ledger.changeWebhook(webhooks[0].id, .webhookDeleted, .testing()) { $0.delete(at: $1) }
            _ = try await Self.create(in: ledger)
        }
    }

    @Test("take their subscription along when they are deleted, and only theirs", arguments: StorageUnderTest.allCases)
    func deletion(storage: StorageUnderTest) async throws {
        try await storage.with { ledger in
            let other = "ba9876543210"
            for id in [Self.id, other] {
                _ = try await Self.create(id, in: ledger)
                try await ledger.replay(.one, after: .zero, to: id)
            }
            #expect(try await ledger.holdWebhooks([Self.id, other], as: "a", for: .seconds(60)) == [Self.id, other])
            #expect(try await ledger.holdWebhooks([Self.id, "000000000000"], as: "b", for: .seconds(60)) == [])
            _ = try await ledger.changeWebhook(Self.id, .webhookDeleted, .testing()) { $0.delete(at: $1) }
            #expect(try await ledger.cursors(of: SubscriptionID(Self.id)).isEmpty)
            #expect(try await !ledger.cursors(of: SubscriptionID(other)).isEmpty)
            await #expect(throws: LedgerError.self) {
                try await ledger.holdSubscription(SubscriptionID(Self.id), as: "a", for: .seconds(60))
            }
            let state = DeliveryState(storeID: .one, attempts: 1)
            let progress = [Self.id, other].map { DeliveryProgress($0, states: [state]) }
            #expect(try await ledger.storeProgress(progress, heldBy: "a") == [Self.id], "the other one's is stored")
            #expect(try await ledger.deliveryStates()[other]?.first?.attempts == 1)
            try await ledger.replay(.one, after: .zero, to: Self.id)
            #expect(try await ledger.deliveryStates().keys.sorted() == [other])
        }
    }
}
