import Inventory
import InventoryTesting
import LedgerTesting
import Testing

/// A ledger as its users see it, wherever it is.
typealias AnyLedger = StockReading & StockWriting & StoredStateReading

/// The ledgers that keep the contract.
enum LedgerUnderTest: String, CaseIterable, CustomTestStringConvertible, Sendable {
    case postgres = "PostgreSQL"
    /// Reads come from a streaming replica whenever it is new enough.
    case postgresWithReplica = "PostgreSQL with a replica"
    case sqlite = "SQLite"
    /// Over HTTP: what a client is told, and makes of it, is what the ledger said.
    case served = "a server"

    var testDescription: String { rawValue }

    /// Lends a new ledger with stores 1 and 2, and products 101 and 102 without stock.
    func with(_ body: @Sendable (any AnyLedger) async throws -> Void) async throws {
        switch self {
        case .postgres: try await StorageUnderTest.postgres.with { try await body($0) }
        case .postgresWithReplica: try await StorageUnderTest.postgresWithReplica.with { try await body($0) }
        case .sqlite: try await StorageUnderTest.sqlite.with { try await body($0) }
        case .served:
            try await TestDatabase.with { database in
                try await ServedLedger.with(database) { ledger in
                    try await ledger.prepare()
                    try await body(ledger)
                }
            }
        }
    }
}

extension StockWriting {
    func prepare() async throws {
        for id in [StoreID.one, .two] {
            _ = try await change(.createStore(id, name: "Store \(id)"), .testing())
        }
        for (id, name) in [(ProductID.rice, "Rice 5kg"), (.sugar, "Sugar 1kg")] {
            _ = try await change(
                .createProduct(id, ProductDetails(sku: "SKU-\(id)", name: name, category: "Grocery", unit: "pack")),
                .testing())
        }
    }
}

extension Transfer {
    static func sugar(_ units: Int64, from: StoreID = .one, to: StoreID = .two) -> Transfer {
        Transfer(productID: .sugar, from: from, to: to, quantity: Quantity(units)!)
    }
}

extension CommandContext {
    /// - Parameters:
    ///   - key: An idempotency key.
    ///   - request: Stands for the request that came with the key.
    static func testing(
        actor: String = "key:test", key: String? = nil, request: UInt8 = 0, recordedAt: Timestamp? = nil
    ) -> CommandContext {
        CommandContext(
            actor: actor, requestID: "test",
            idempotency: key.map {
                IdempotencyKey(principal: actor, key: $0, fingerprint: [UInt8](repeating: request, count: 32))
            }, recordedAt: recordedAt)
    }
}

extension StockReading {
    func onHand(_ level: LevelKey) async throws -> Int64 {
        try await self.level(level, Freshness()).value.onHand
    }
}

extension StockReading where Self: StoredStateReading {
    /// Whether every ledger is sound, and all that is kept beside it follows from it.
    func expectSound(_ stores: [StoreID] = [.catalog, .one, .two]) async throws {
        for store in stores {
            let finding = try await LedgerVerification(self).verify(store)
            #expect(finding.differences.first == [], "store \(store)")
            #expect(finding.head != nil)
        }
    }
}

/// The refusal that `body` meets.
func refusal(_ body: () async throws -> Void) async throws -> Refusal? {
    do {
        try await body()
        return nil
    } catch LedgerError.refused(let refusal) {
        return refusal
    }
}
