public import Inventory
public import StockCache

/// Puts into the cache what clients ask for by default: the lists of stores and of products, and each store's stock, all
/// pages of each.
///
/// It asks as readers do, so it is as safe as reading, whatever is written meanwhile. What the cache has already costs a
/// look, so a run that follows an interrupted one only fills what is missing.
///
/// It stands back: few lists at a time, after each page that a database was asked for a pause as long as the answer took,
/// and a longer one when it is overloaded. Its tasks' priority is no lower than others', because readers may be waiting
/// for the very document that is being warmed.
public struct CacheWarmer: Sendable {
    public struct Progress: Hashable, Sendable {
        public internal(set) var storesTotal = 0
        public internal(set) var storesDone = 0
        /// That are in the cache now.
        public internal(set) var documents = 0
        /// That were not in the cache before.
        public internal(set) var filled = 0
        /// Lists that could not be had to their last page.
        public internal(set) var failed = 0
    }

    private let ledger: any StockReading
    private let documents: StockDocuments
    private let limits: Limits
    private let concurrency: Int
    var retry = RetryPolicy()

    /// How often a page is asked for, while the database is down or overloaded or the cache is not trusted.
    struct RetryPolicy {
        /// With the pauses between them, up to ten seconds and what the answers take.
        var attempts = 9
        /// Doubled each time.
        var firstPause = Duration.milliseconds(50)
        var maximumPause = Duration.seconds(2)
    }

    /// - Parameters:
    ///   - documents: As the front has them.
    ///   - limits: Those of the front: a page of another length is another document.
    ///   - concurrency: How many lists are read at the same time.
    public init(
        ledger: any StockReading, documents: any DocumentReading, limits: Limits, concurrency: Int
    ) {
        precondition(concurrency > 0, "nothing is read otherwise")
        self.ledger = ledger
        self.documents = StockDocuments(ledger: ledger, source: documents)
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
    /// - Parameter report: Is told whenever a list is done.
    /// - Throws: `CancellationError`, or `CacheWarmingFailure` when list after list fails.
    @discardableResult
    public func warm(_ stores: [StoreID], report: (Progress) -> Void) async throws -> Progress {
        var lists = ([.stores, .products] + stores.map(List.stock))[...]
        var progress = Progress(storesTotal: stores.count)
        var failuresInARow = 0
        report(progress)
        try await withThrowingTaskGroup { group in
            for list in lists.prefix(concurrency) { group.addTask { try await walk(list) } }
            lists = lists.dropFirst(concurrency)
            while let walk = try await group.next() {
                progress.add(walk)
                report(progress)
                failuresInARow = walk.failure == .givenUp ? failuresInARow + 1 : 0
                guard failuresInARow < Self.maximumConsecutiveFailures else { throw CacheWarmingFailure() }
                if let list = lists.popFirst() { group.addTask { try await self.walk(list) } }
            }
        }
        return progress
    }

    static let maximumConsecutiveFailures = 16
}

/// So many documents could not be had, one after the other, that the others would not be either.
public struct CacheWarmingFailure: Error, CustomStringConvertible {
    public var description: String { "the databases or the cache do not answer, or are overloaded" }
}

private enum List: Sendable {
    case stores, products
    case stock(StoreID)
}

/// What became of one list.
private struct Walk: Sendable {
    let list: List
    var documents = 0
    var filled = 0
    /// Why it ended before its last page.
    var failure: Failure?

    enum Failure: Error {
        /// There is no such store.
        case notFound
        /// The database or the cache was asked often enough.
        case givenUp
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

    /// A page that is in the cache, as far as can be told.
    private func page(of list: List, after: Int64?) async throws -> Result<FoundDocument, Walk.Failure> {
        var pause = retry.firstPause
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
            // The database is down or overloaded, or the cache cannot be asked or is not trusted.
            case .success, .failure:
                try await Task.sleep(for: pause * Double.random(in: 0.5...1))
                pause = min(pause * 2, retry.maximumPause)
            }
        }
        return .failure(.givenUp)
    }

    /// As a request for it without parameters asks, or with the cursor of the page before.
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
