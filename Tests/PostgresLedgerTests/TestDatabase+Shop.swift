import Inventory
import InventoryTesting
import LedgerTesting
import Postgres
import PostgresLedger
import ServerTesting
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension TestDatabase {
    /// A database with stores 1 and 2, and sugar, without stock.
    static func withShop(_ body: (TestDatabase) async throws -> Void) async throws {
        try await with { database in
            try await database.withLedger { ledger in
                for id in [StoreID.one, .two] {
                    _ = try await ledger.change(.createStore(id, name: "Store \(id)"), .testing)
                }
                _ = try await ledger.change(.createProduct(.sugar, ProductDetails(name: "Sugar 1kg")), .testing)
            }
            try await body(database)
        }
    }

    /// Runs `body` while somebody else holds store 1.
    func whileStoreIsLocked<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        let isLocked = Mutex(false)
        let isOver = Mutex(false)
        async let _ = withPool { pool in
            try await pool.run { session in
                _ = try session.pipeline([
                    Query(.begin), Query(Statement("lock", "select from stores where store_id = 1 for update")),
                ])
                isLocked.withLock { $0 = true }
                while !isOver.withLock({ $0 }) { usleep(1_000) }
            }
        }
        defer { isOver.withLock { $0 = true } }
        try await eventually("the store is locked") { isLocked.withLock { $0 } }
        return try await body()
    }
}

extension PostgresLedger {
    func onHand(_ level: LevelKey) async throws -> Int64 {
        try await self.level(level, Freshness()).value.onHand
    }

    func recordAtOnce(
        _ count: Int, of movement: Movement, ignoringRefusals: Bool = false
    ) async throws -> [RecordedMovement] {
        try await withThrowingTaskGroup { group in
            for _ in 0..<count {
                group.addTask { () async throws -> RecordedMovement? in
                    do {
                        return try await record(movement, .testing).value
                    } catch LedgerError.refused where ignoringRefusals {
                        return nil
                    }
                }
            }
            return try await group.reduce(into: []) { recorded, movement in
                if let movement { recorded.append(movement) }
            }
        }
    }
}
