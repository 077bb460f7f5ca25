/// Reads the state that a ledger stores besides its audit log, to compare it with the log.
public protocol StoredStateReading: Sendable {
    /// Whether it is complete: includes archived items, positions of levels, versions and the ends of ledgers.
    var showsAll: Bool { get }

    /// All ledgers with any stored data, the catalog's first, and their current positions.
    func keptLedgers() async throws(LedgerError) -> [(storeID: StoreID, position: Position)]

    func keptCatalog() async throws(LedgerError) -> StoredCatalog

    func keptStore(_ id: StoreID) async throws(LedgerError) -> StoredStore

    /// The first entries of the log of keys and users after a position.
    /// - Throws: `.notFound`, if it is not shown, here and below.
    func credentialLog(after position: Position, limit: Int) async throws(LedgerError) -> AuditedPage

    func keptCredentials() async throws(LedgerError) -> StoredCredentials

    /// What the storage lacks that keeps history from being changed, for people.
    func protectionDefects() async throws(LedgerError) -> [String]
}

/// For storage that has no users of its own, or does not show them.
extension StoredStateReading {
    public func protectionDefects() async throws(LedgerError) -> [String] { [] }
}

/// The state stored besides the catalog's log.
public struct StoredCatalog: Sendable {
    /// `nil` if it is not shown.
    public let end: StoredEnd?
    public let products: [StoredPart<Archivable<Product>>]
    public let stores: [StoredPart<Archivable<Store>>]
    /// Products that a lookup finds under another name than their own.
    public let misfiled: [ProductID]

    public init(
        end: StoredEnd?, products: [StoredPart<Archivable<Product>>], stores: [StoredPart<Archivable<Store>>],
        misfiled: [ProductID] = []
    ) {
        self.end = end
        self.products = products
        self.stores = stores
        self.misfiled = misfiled
    }
}

/// The state stored besides a store's log.
public struct StoredStore: Sendable {
    /// `nil` if it is not shown.
    public let end: StoredEnd?
    public let levels: [StoredPart<StoredLevel>]

    public init(end: StoredEnd?, levels: [StoredPart<StoredLevel>]) {
        self.end = end
        self.levels = levels
    }
}

/// Keys and users, and the end of their log.
public struct StoredCredentials: Sendable {
    public let end: LedgerHead
    public let history: History
    /// What an entry about each would have as its detail now, by subject.
    public let details: [String: String]

    public init(end: LedgerHead, in history: History, details: [String: String]) {
        self.end = end
        self.history = history
        self.details = details
    }
}

/// The end of a ledger, by table.
public struct StoredEnd: Sendable {
    /// The head in the store's row; `nil` if there is no such store.
    public let head: LedgerHead?
    /// 0 if there is none, here and below.
    public let lastEntry: Position
    public let lastMovement: Position
    /// The one that it was read in: in another one, the log may end earlier.
    public let history: History

    public init(head: LedgerHead?, lastEntry: Position, lastMovement: Position, in history: History) {
        self.head = head
        self.history = history
        self.lastEntry = lastEntry
        self.lastMovement = lastMovement
    }
}

/// Part of a list ordered by id, read at a position of its ledger.
public struct StoredPart<Item: Sendable>: Sendable {
    public let position: Position
    /// The ids that it covers: an id without an item does not exist.
    public let ids: ClosedRange<Int64>
    public let items: [Item]

    public init(at position: Position, ids: ClosedRange<Int64> = .min ... .max, _ items: [Item]) {
        self.position = position
        self.ids = ids
        self.items = items
    }
}

/// The state that is visible through the read path, for ledgers that offer nothing else.
extension StoredStateReading where Self: StockReading {
    public var showsAll: Bool { false }

    public func keptLedgers() async throws(LedgerError) -> [(storeID: StoreID, position: Position)] {
        var ledgers: [(storeID: StoreID, position: Position)] = []
        do throws(LedgerError) {
            let log = try await audit(AuditQuery(storeID: .catalog, limit: 1), Freshness())
            ledgers.append((.catalog, log.position ?? .zero))
        } catch .notFound {
            // The catalog's log is visible only to callers that see all stores.
        }
        for page in try await keptStores() {
            for store in page.items {
                do throws(LedgerError) {
                    let stock = try await stock(StockQuery(storeID: store.item.id, limit: 1), Freshness())
                    ledgers.append((store.item.id, stock.position ?? .zero))
                } catch .notFound {
                    // It was archived meanwhile.
                }
            }
        }
        return ledgers
    }

    public func keptCatalog() async throws(LedgerError) -> StoredCatalog {
        var products: [StoredPart<Archivable<Product>>] = []
        var query = ProductQuery(limit: pageSize)
        repeat {
            let page = try await self.products(query, Freshness())
            products.append(StoredPart(page, after: query.after, \.id) { Archivable($0, archivedAt: nil) })
            query.after = page.value.next
        } while query.after != nil
        return StoredCatalog(end: nil, products: products, stores: try await keptStores())
    }

    public func keptStore(_ id: StoreID) async throws(LedgerError) -> StoredStore {
        var levels: [StoredPart<StoredLevel>] = []
        var query = StockQuery(storeID: id, limit: pageSize)
        do throws(LedgerError) {
            repeat {
                let page = try await stock(query, Freshness())
                levels.append(
                    StoredPart(page, after: query.after, \.productID) { item in
                        StoredLevel(
                            productID: item.productID, onHand: item.onHand, position: .zero,
                            recordedAt: item.updatedAt ?? .earliest)
                    })
                query.after = page.value.next
            } while query.after != nil
        } catch .notFound {
            // Archived stores are not visible.
        }
        return StoredStore(end: nil, levels: levels)
    }

    public func credentialLog(after position: Position, limit: Int) async throws(LedgerError) -> AuditedPage {
        throw .notFound
    }

    public func keptCredentials() async throws(LedgerError) -> StoredCredentials { throw .notFound }

    private func keptStores() async throws(LedgerError) -> [StoredPart<Archivable<Store>>] {
        var stores: [StoredPart<Archivable<Store>>] = []
        var query = StoreQuery(limit: pageSize)
        repeat {
            let page = try await self.stores(query, Freshness())
            stores.append(StoredPart(page, after: query.after, \.id) { Archivable($0, archivedAt: nil) })
            query.after = page.value.next
        } while query.after != nil
        return stores
    }

    private var pageSize: Int { 1_000 }
}

extension StoredPart {
    fileprivate init<Shown, ID: LedgerNumber>(
        _ page: Snapshot<Page<Shown, ID>>, after last: ID?, _ id: (Shown) -> ID, _ item: (Shown) -> Item
    ) {
        let end = page.value.next.map(\.rawValue) ?? .max
        self.init(
            at: page.position ?? .zero, ids: ((last?.rawValue ?? 0) + 1)...end, page.value.items.map(item))
    }
}
