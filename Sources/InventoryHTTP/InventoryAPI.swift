import Access
import Inventory
import Logging
import RateLimiting
import StockCache

/// What the routes' handlers work on; they stand with what they are about.
struct InventoryAPI: Sendable {
    private let wholeLedger: any StockReading & StockWriting
    private let documents: any DocumentReading
    /// The store that the routes of the first versions speak of.
    let defaultStoreID: StoreID
    let credentials: any CredentialStoring
    let warming: CacheWarming?
    let health: any HealthReporting
    private let limiter: RateLimiter?
    let limits: Limits
    let logger: Logger

    init(
        ledger: any StockReading & StockWriting, documents: any DocumentReading, warming: CacheWarming?,
        defaultStoreID: StoreID, credentials: any CredentialStoring, health: any HealthReporting,
        limiter: RateLimiter?, limits: Limits, logger: Logger
    ) {
        wholeLedger = ledger
        self.documents = documents
        self.warming = warming
        self.defaultStoreID = defaultStoreID
        self.credentials = credentials
        self.health = health
        self.limiter = limiter
        self.limits = limits
        self.logger = logger
    }

    /// The ledger as the caller sees it.
    func ledger(for context: RequestContext) -> any StockReading & StockWriting {
        context.principal.scope == .all ? wholeLedger : ScopedLedger(wholeLedger, scope: context.principal.scope)
    }

    /// The documents as the caller sees them.
    func documents(for context: RequestContext) -> StockDocuments {
        StockDocuments(ledger: ledger(for: context), source: documents)
    }

    /// Takes what a batch costs: a permit for each line, of which the request itself has paid one.
    func charge(lines: Int, to context: RequestContext) {
        limiter?.charge(lines - 1, to: context.principal, .write)
    }
}
