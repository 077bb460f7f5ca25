import Inventory
import PostgresLedger
import StockCache

/// The health of all components of the service.
struct ServiceHealth: HealthReporting {
    let ledger: PostgresLedger
    let cache: CacheConnection?

    func health() async -> [ComponentHealth] {
        async let databases = ledger.health()
        async let backlog = ledger.relay.health()
        async let cached = cache?.health()
        return await databases + backlog + (cached ?? [])
    }

    func isReady() async -> Bool {
        await ledger.isReady()
    }
}
