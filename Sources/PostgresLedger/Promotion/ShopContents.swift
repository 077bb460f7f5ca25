public import Access
public import Inventory
import Postgres

/// Everything of a shop besides the entries of its stores' ledgers.
public struct ShopContents: Sendable {
    /// The catalog's whole ledger.
    public let history: [AuditEntry]
    public let catalog: CatalogContents
    public let credentials: Credentials
    /// Where the receivers of events stand.
    public let subscriptions: [SubscriptionID: [SubscriptionCursor]]
    /// What keeps events from webhooks, and from where on they are wanted again.
    public let deliveries: [String: [DeliveryState]]
    /// The ends of the stores' ledgers.
    public let heads: [LedgerHead]

    public init(
        history: [AuditEntry], catalog: CatalogContents, credentials: Credentials,
        subscriptions: [SubscriptionID: [SubscriptionCursor]], deliveries: [String: [DeliveryState]],
        heads: [LedgerHead]
    ) {
        self.history = history
        self.catalog = catalog
        self.credentials = credentials
        self.subscriptions = subscriptions
        self.deliveries = deliveries
        self.heads = heads
    }
}

extension ShopContents {
    /// Queries of bounded size.
    func writes(_ cache: CacheState) -> [Query] {
        var writes = history.inParts.map(AuditEntry.insert)
        writes += catalog.products.inParts.map(Archivable<Product>.insert)
        writes += catalog.stores.inParts.map(Archivable<Store>.update)
        let versions = Dictionary(
            credentials.log.map { ($0.subject ?? "", $0.position) }, uniquingKeysWith: max)
        writes += credentials.log.inParts.map(CredentialLog.insert)
        writes += credentials.keys.map { $0.insert(versions[$0.subject] ?? .zero) }
        if let last = credentials.keys.last { writes.append(last.continueNumbers) }
        writes += credentials.users.map { $0.put(versions[$0.subject] ?? .zero) }
        writes += credentials.webhooks.map { $0.put(versions[$0.subject] ?? .zero) }
        writes += subscriptions.map { SubscriptionCursor.insert($1, of: $0) }
        writes += deliveries.map { DeliveryState.insert($1, of: $0) }
        if let last = history.last {
            let head = LedgerHead(
                storeID: .catalog, position: last.position, hash: last.hash, recordedAt: last.recordedAt)
            writes.append(LedgerHead.update([head]))
            // No product's level was ever cached: invalidating whole stores is enough.
            writes += Outbox.insert(
                CommitProof(last),
                ([head] + heads).map { Invalidation(storeID: $0.storeID, position: $0.position, products: [:]) }, cache)
        }
        return writes
    }
}

extension Array {
    fileprivate var inParts: [[Element]] {
        stride(from: 0, to: count, by: 5_000).map { Array(self[$0..<Swift.min($0 + 5_000, count)]) }
    }
}
