import Basics
public import Inventory
public import StockCache

/// Fills the cache with what clients request by default: all pages of the lists of stores and products, and of each
/// store's stock.
///
/// It reads like any client, so it is safe whatever is written meanwhile. A document that is already cached costs only
/// a lookup, so a run after an interrupted one fills just what is missing.
///
/// Each run takes the stores in an order of its own, so that several instances that warm the same stores at a time share
/// the work, instead of waiting for each other at every page.
///
/// It yields to clients: few lists at a time, after each page from a database a pause as long as the read took, and a
/// longer one when the database is overloaded. Its tasks' priority is not lower, because readers may be waiting for the
/// very document that is being warmed.
public struct CacheWarmer: Sendable {
    public struct Progress: Hashable, Sendable {
        public internal(set) var storesTotal = 0
        public internal(set) var storesDone = 0
        /// Documents in the cache now.
        public internal(set) var documents = 0
        /// Documents that were not in the cache before.
        public internal(set) var filled = 0
        /// Lists that could not be read to their last page.
        public internal(set) var failed = 0
    }

    private let ledger: any StockReading
    private let documents: StockDocuments
    private let limits: HTTPLimits
    private let concurrency: Int
    var retry = RetryPolicy()

    /// Retries of a page while the database is down or overloaded, or the cache is not trusted.
    struct RetryPolicy {
        /// With the pauses between them, up to ten seconds plus the reads themselves.
        var attempts = 9
        /// Doubled each time.
        var firstPause = Duration.milliseconds(50)
        var maximumPause = Duration.seconds(2)
    }

    /// - Parameters:
    ///   - documents: The same as the HTTP server's.
    ///   - limits: The same as the HTTP server's: a page of another length is another document.
    ///   - concurrency: The number of lists read at the same time.
    public init(
        ledger: any StockReading, documents: any DocumentReading, limits: HTTPLimits, concurrency: Int
    ) {
        precondition(concurrency > 0, "warming reads at least one list at a time")
        self.ledger = ledger
        self.documents = StockDocuments(ledger: ledger, source: documents, reader: nil, observer: NoHTTPObserver())
        self.limits = limits
        self.concurrency = concurrency
    }

    /// All stores that are not archived.
    public func allStores() async throws(LedgerError) -> [StoreID] {
        var stores: [StoreID] = []
        var query = StoreQuery(limit: 1_000)
        repeat {
            let page = try await ledger.stores(query, Freshness()).value
            stores += page.items.map(\.id)
            query.after = page.next
        } while query.after != nil
        return stores
    }

    /// Warms the catalog's lists and the stock of the stores.
    /// - Parameter report: Called whenever a list is done.
    /// - Throws: `CancellationError`, or `CacheWarmingFailure` after too many consecutive failures.
    @discardableResult
    public func warm(_ stores: [StoreID], report: (Progress) -> Void) async throws -> Progress {
        var lists = ([.stores, .products] + stores.shuffled().map(List.stock))[...]
        var progress = Progress(storesTotal: stores.count)
        var consecutiveFailures = 0
        report(progress)
        try await withThrowingTaskGroup { group in
            for list in lists.prefix(concurrency) { group.addTask { try await walk(list) } }
            lists = lists.dropFirst(concurrency)
            while let walk = try await group.next() {
                progress.add(walk)
                report(progress)
                consecutiveFailures = walk.failure == .attemptsExhausted ? consecutiveFailures + 1 : 0
                guard consecutiveFailures < Self.maximumConsecutiveFailures else { throw CacheWarmingFailure() }
                if let list = lists.popFirst() { group.addTask { try await self.walk(list) } }
            }
        }
        return progress
    }

    static let maximumConsecutiveFailures = 16
}

/// Too many lists failed one after the other to continue.
public struct CacheWarmingFailure: Error, CustomStringConvertible {
    public var description: String { "the databases or the cache do not respond, or are overloaded" }
}

private enum List: Sendable {
    case stores, products
    case stock(StoreID)
}

/// The outcome of one list.
private struct Walk: Sendable {
    let list: List
    var documents = 0
    var filled = 0
    /// Why it ended before its last page.
    var failure: Failure?

    enum Failure: Error {
        /// The store does not exist.
        case notFound
        /// All attempts failed.
        case attemptsExhausted
    }
}

extension CacheWarmer {
    private func walk(_ list: List) async throws -> Walk {
        var walk = Walk(list: list)
        var after: Int64?
        repeat {
            switch try await page(of: list, after: after) {
            case .success(let page):
                walk.documents += 1
                if page.origin == .miss { walk.filled += 1 }
                after = page.document.next
            case .failure(let failure):
                walk.failure = failure
                after = nil
            }
        } while after != nil
        return walk
    }

    /// Reads a page until it is in the cache.
    private func page(of list: List, after: Int64?) async throws -> Result<FoundDocument, Walk.Failure> {
        var backoff = Backoff(from: retry.firstPause, upTo: retry.maximumPause)
        for _ in 0..<retry.attempts {
            let start = ContinuousClock.now
            switch await document(of: list, after: after) {
            case .success(let page) where page.origin == .hit:
                return .success(page)
            case .success(let page) where page.origin == .miss:
                try await Task.sleep(for: min(.now - start, retry.maximumPause))
                return .success(page)
            case .failure(.notFound):
                return .failure(.notFound)
            // The database is down or overloaded, or the cache is unavailable or not trusted.
            case .success, .failure:
                try await Task.sleep(for: backoff.delay())
            }
        }
        return .failure(.attemptsExhausted)
    }

    /// Reads a page as a request without parameters would, or with the cursor of the previous page.
    private func document(of list: List, after: Int64?) async -> Result<FoundDocument, LedgerError> {
        let limit = limits.defaultPage
        do throws(LedgerError) {
            switch list {
            case .stores:
                let query = StoreQuery(after: after.map(StoreID.init), limit: limit)
                return .success(try await documents.stores(query, atLeast: nil))
            case .products:
                let query = ProductQuery(after: after.map(ProductID.init), limit: limit)
                return .success(try await documents.products(query, atLeast: nil))
            case .stock(let id):
                let query = StockQuery(storeID: id, after: after.map(ProductID.init), limit: limit)
                return .success(try await documents.stock(query, atLeast: nil))
            }
        } catch {
            return .failure(error)
        }
    }
}

extension CacheWarmer.Progress {
    fileprivate mutating func add(_ walk: Walk) {
        if case .stock = walk.list { storesDone += 1 }
        documents += walk.documents
        filled += walk.filled
        if walk.failure != nil { failed += 1 }
    }
}
