import Access
import Authentication
import Inventory
import Prometheus
import RateLimiting
import StockCache
import StockEvents
import Webhooks

/// The dependencies of the routes' handlers, which are extensions in the folders of their features.
struct InventoryAPI: Sendable {
    private let wholeLedger: any StockReading & StockWriting
    let changes: ChangeFeed
    private let documents: any DocumentReading
    /// The store of the first versions' routes.
    let defaultStoreID: StoreID
    let credentials: any CredentialStoring
    let webhooks: WebhookAdministration
    let passwords: PasswordHasher?
    let warming: CacheWarming?
    /// `nil`: without a queue, all requests are executed at once.
    let commands: CommandQueueAccess?
    let health: any HealthReporting
    let draining = DrainingFlag()
    let reports: TurnQueue
    /// Changes of passwords take turns, too: each takes a thread for long.
    let passwordChanges = TurnQueue(atOnce: 1)
    /// Tests of webhooks, too: a receiver may take its time.
    let webhookTests = TurnQueue(atOnce: 4)
    let limiter: RateLimiter?
    let limits: HTTPLimits
    /// What the operator's port shows; `nil` for nothing.
    let metrics: MetricRegistry?
    private let observer: any HTTPObserver

    init(
        ledger: any StockReading & StockWriting, changes: ChangeFeed, documents: any DocumentReading,
        warming: CacheWarming?, commands: CommandQueueAccess?,
        defaultStoreID: StoreID, credentials: any CredentialStoring, webhooks: WebhookAdministration,
        passwords: PasswordHasher?,
        health: any HealthReporting, limiter: RateLimiter?, limits: HTTPLimits,
        metrics: MetricRegistry? = nil, observer: any HTTPObserver = NoHTTPObserver()
    ) {
        wholeLedger = ledger
        self.changes = changes
        self.documents = documents
        self.warming = warming
        self.commands = commands
        self.defaultStoreID = defaultStoreID
        self.credentials = credentials
        self.webhooks = webhooks
        self.passwords = passwords
        self.health = health
        self.limiter = limiter
        self.limits = limits
        self.metrics = metrics
        self.observer = observer
        reports = TurnQueue(atOnce: limits.reports)
    }

    /// The ledger, limited to the caller's stores.
    func ledger(for context: RequestContext) -> any StockReading & StockWriting {
        context.principal.scope == .all ? wholeLedger : ScopedLedger(wholeLedger, scope: context.principal.scope)
    }

    /// The documents, limited to the caller's stores.
    func documents(for context: RequestContext) -> StockDocuments {
        StockDocuments(
            ledger: ledger(for: context), source: documents, reader: context.principal.id, observer: observer)
    }

    /// Charges a batch one permit for each line; the request itself has paid for the first.
    func charge(lines: Int, to context: RequestContext) {
        limiter?.charge(lines - 1, to: context.principal, .write)
    }

    /// Charges a report for the time that it took: half of the permits that are replenished in it.
    func charge(_ time: Duration, to context: RequestContext) {
        limiter?.charge(time / 2, to: context.principal, .read)
    }
}
