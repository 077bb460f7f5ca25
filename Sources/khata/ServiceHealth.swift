import Authentication
import Inventory
import PostgresLedger
import StockCache
import StockEvents
import Webhooks

/// The health of an instance: of its databases or file, and of what it needs besides.
struct InstanceHealth: HealthReporting {
    let storage: any HealthReporting
    let tokenKeys: TokenKeySet?
    let webhooks: WebhookDeliveries
    let reconciler: Reconciler?

    func health() async -> [ComponentHealth] {
        async let deliveries = webhooks.health()
        return await storage.health() + (tokenKeys?.health().map { [$0] } ?? []) + deliveries
            + (reconciler?.health() ?? [])
    }

    func isReady() async -> Bool {
        await storage.isReady()
    }
}

/// The health of the servers.
struct ServiceHealth: HealthReporting {
    let ledger: PostgresLedger
    let cache: CacheConnection?
    var publisher: EventPublisher?
    var commands: (@Sendable () -> [ComponentHealth])?

    func health() async -> [ComponentHealth] {
        async let databases = ledger.health()
        async let backlog = ledger.relay.health()
        async let cached = cache?.health()
        async let published = publisher?.health()
        return await databases + backlog + (cached ?? []) + (published ?? []) + (commands?() ?? [])
    }

    func isReady() async -> Bool {
        await ledger.isReady()
    }
}
