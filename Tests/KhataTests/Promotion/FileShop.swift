import Foundation
import Inventory
import LedgerTesting
import PostgresLedger
import SQLiteLedger
import Testing

@testable import Access
@testable import Authentication

/// What a shop in a file may have: stores, archived and without movements, transfers, renamed and archived products,
/// movements with all that can be said of them, old times, keys, users, and idempotency keys.
extension TestFile {
    static let stores = (1...4).map { StoreID(rawValue: $0) }
    static let (sugar, rice, tea) = (ProductID(rawValue: 102), ProductID(rawValue: 7), ProductID(rawValue: 900))

    /// - Parameter movements: So many more than those, in store 2.
    static func withFullShop<T: Sendable>(
        movements: Int = 0, _ body: (TestFile) async throws -> T
    ) async throws -> T {
        try await with { file in
            try await file.withLedger { ledger in
                try await Self.fillCatalog(ledger)
                try await Self.move(ledger)
                try await Self.addCredentials(ledger)
                try await Self.record(movements, ledger)
            }
            return try await body(file)
        }
    }

    private static func fillCatalog(_ ledger: SQLiteLedger) async throws {
        for store in stores { _ = try await ledger.change(.createStore(store, name: "دکان \(store)"), .clerk(0)) }
        let products = [
            (sugar, ProductDetails(sku: "SUG-1", name: "Sugar 1kg", category: "Grocery", unit: "pack")),
            (rice, ProductDetails(sku: "ric", name: "Cafe\u{301} rice", category: "Grocery")),
            (tea, ProductDetails(name: "چائے", unit: "tin")),
        ]
        for (id, details) in products { _ = try await ledger.change(.createProduct(id, details), .clerk(0)) }
        _ = try await ledger.change(
            .replaceProduct(rice, ProductDetails(sku: "RIC", name: "Rice 5kg"), ifVersion: .any), .clerk(1))
    }

    private static func move(_ ledger: SQLiteLedger) async throws {
        for store in stores.dropLast() {
            for product in [sugar, rice, tea] {
                _ = try await ledger.record(.moving(.stockIn, 40, product, in: store), .clerk(2))
            }
        }
        for day in 3...30 {
            let notes = MovementNotes(
                occurredAt: Timestamp(microseconds: Int64(day) * 86_400_000_000 - 1), reference: "R-\(day)",
                note: day % 2 == 0 ? "tab\t\"quoted\" 漢" : nil)
            _ = try await ledger.record(
                .moving(day % 5 == 0 ? .manualRemoval : .sale, 1, day % 3 == 0 ? tea : sugar, notes: notes), .clerk(day)
            )
        }
        for (from, to) in [(1, 2), (2, 1), (3, 1)] {
            let transfer = Transfer(
                productID: sugar, from: StoreID(rawValue: Int64(from)), to: StoreID(rawValue: Int64(to)),
                quantity: try #require(Quantity(3)))
            _ = try await ledger.record(transfer, .clerk(31, key: "transfer-\(from)-\(to)"))
        }
        // What is archived keeps its history.
        for (product, left) in [(sugar, 37), (rice, 40), (tea, 40)] {
            _ = try await ledger.record(.moving(.manualRemoval, Int64(left), product, in: stores[2]), .clerk(32))
        }
        _ = try await ledger.change(.archiveStore(stores[2], ifVersion: .any), .clerk(32))
        for store in stores[..<2] {
            _ = try await ledger.record(.moving(.manualRemoval, 40, rice, in: store), .clerk(33))
        }
        _ = try await ledger.change(.archiveProduct(rice, ifVersion: .any), .clerk(33))
        _ = try await ledger.record(.moving(.sale, 2, sugar), .clerk(34, key: "sale"))
        _ = try await ledger.record(.moving(.sale, 1, sugar), .clerk(34, key: "row", isPermanent: true))
    }

    private static func addCredentials(_ ledger: SQLiteLedger) async throws {
        let limited = Grant(
            role: .clerk, scope: .only([stores[0], stores[3]]),
            rates: RateOverrides(readsPerSecond: 5, writesPerSecond: 2))
        let keys = (0..<3).map { _ in APIKey.generate() }
        for (number, key) in keys.enumerated() {
            _ = try await ledger.addAPIKey(
                NewAPIKey(
                    key, name: "key \(number)", grant: number == 1 ? limited : Grant(role: .admin),
                    expiresAt: number == 1 ? Timestamp(microseconds: 4_000_000_000_000_001) : nil))
        }
        try await ledger.revokeAPIKey(keys[0].id)
        try await ledger.noteUses([keys[1].id: Timestamp(microseconds: 1_700_000_000_123_457)])
        let hash = PasswordHash(
            of: try #require(Password(new: "correct horse")), cost: try #require(ScryptCost(ln: 4, r: 1, p: 1)))
        for name in ["ana", "ben"] {
            let user = NewUser(name: try #require(UserName(name)), passwordHash: hash, grant: limited)
            _ = try await ledger.addUser(user)
        }
        try await ledger.disableUser(try #require(UserName("ben")))
        _ = try await ledger.createWebhook(webhook.text, from: .end, .clerk(1)) { now in
            WebhookRecord(
                id: webhook.text, url: "https://example.com", scope: .all, types: nil,
                secrets: [WebhookRecord.Secret(.generate())], createdAt: now)
        }
        #expect(try await ledger.holdSubscription(webhook, as: "file", for: .seconds(1)))
        let time = Timestamp(microseconds: 1_700_000_000_123_457)
        let parked = DeliveryState(storeID: stores[0], attempts: 10, parkedAt: time, lastFailure: "no")
        let delayed = DeliveryState(storeID: stores[1], attempts: 2, nextAttemptAt: time)
        _ = try await ledger.storeProgress([DeliveryProgress(webhook.text, states: [parked, delayed])], heldBy: "file")
        try await ledger.releaseSubscription(webhook, heldBy: "file")
        try await ledger.replay(stores[0], after: .zero, to: webhook.text)
    }

    static let webhook = SubscriptionID("0123456789ab")

    private static func record(_ movements: Int, _ ledger: SQLiteLedger) async throws {
        for first in stride(from: 0, to: movements, by: 1_000) {
            let batch = Batch(
                (first..<min(first + 1_000, movements)).map { _ in .moving(.stockIn, 1, sugar, in: stores[1]) },
                isAtomic: true)
            _ = try await ledger.record(batch, .clerk(40))
        }
    }
}

extension Movement {
    static func moving(
        _ kind: Kind, _ units: Int64, _ product: ProductID, in store: StoreID = TestFile.stores[0],
        notes: MovementNotes = MovementNotes()
    ) -> Movement {
        Movement(storeID: store, productID: product, kind: kind, quantity: Quantity(units)!, notes: notes)
    }
}

extension CommandContext {
    static func clerk(_ day: Int, key: String? = nil, isPermanent: Bool = false) -> CommandContext {
        CommandContext(
            actor: "key:0a1b2c", requestID: "day \(day)",
            idempotency: key.map {
                IdempotencyKey(
                    principal: "key:0a1b2c", key: $0, fingerprint: [UInt8](repeating: 7, count: 32),
                    isPermanent: isPermanent)
            },
            recordedAt: Timestamp(microseconds: Int64(day) * 86_400_000_000 + 1_000_001))
    }
}
