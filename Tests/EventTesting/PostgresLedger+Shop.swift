import Access
public import Inventory
public import InventoryTesting
public import PostgresLedger
import StockEvents
import Testing

extension PostgresLedger {
    /// Stores 1 and 2, and sugar: four changes of the catalog's.
    public func openShop() async throws {
        for id in [StoreID.one, .two] { _ = try await change(.createStore(id, name: "Store \(id)"), .testing) }
        _ = try await change(.createProduct(.sugar, ProductDetails(name: "Sugar 1kg")), .testing)
    }

    /// Stores 1 to 9, sugar and rice, and users to send commands as: the clerk `till`, the reader `guest`, and `branch`, a clerk
    /// of store 2 alone.
    public func openShopOfTills() async throws {
        for id in Int64(1)...9 {
            _ = try await change(.createStore(StoreID(rawValue: id), name: "Store \(id)"), .testing)
        }
        for id in [ProductID.sugar, .rice] {
            _ = try await change(.createProduct(id, ProductDetails(name: "Product \(id)")), .testing)
        }
        let hash = PasswordHash(cost: try #require(ScryptCost(ln: 10, r: 8, p: 1)), salt: [1], hash: [1])
        for (name, grant) in [
            ("till", Grant(role: .clerk)), ("guest", Grant(role: .reader)),
            ("branch", Grant(role: .clerk, scope: .only([.two]))),
        ] {
            _ = try await addUser(
                NewUser(name: try #require(UserName(name)), passwordHash: hash, grant: grant), .testing)
        }
    }

    public func onHand(_ level: LevelKey) async throws -> Int64 {
        try await self.level(level, Freshness()).value.onHand
    }

    public func stock(_ levels: [LevelKey] = [.sugarInOne, .sugarInTwo], times: Int) async throws {
        try await withThrowingTaskGroup { group in
            for level in levels {
                group.addTask { for _ in 0..<times { _ = try await record(.stockIn(1, level), .testing) } }
            }
            try await group.waitForAll()
        }
    }

    /// Of each ledger, in order.
    public func eventIDs() async throws -> [StoreID: [String]] {
        let feed = ChangeFeed(ledger: self, waiters: ChangeWaiters())
        var (cursor, ids): (ChangeCursor, [StoreID: [String]]) = (ChangeCursor(), [:])
        while true {
            let page = try await feed.page(after: cursor, of: .all, limit: 1_000, until: .now)
            guard !page.events.isEmpty else { return ids }
            for event in page.events { ids[event.storeID, default: []].append(event.id) }
            cursor = page.cursor
        }
    }
}

extension Transfer {
    public static func sugar(_ units: Int64) -> Transfer {
        guard let quantity = Quantity(units) else { preconditionFailure("\(units) is no quantity") }
        return Transfer(productID: .sugar, from: .one, to: .two, quantity: quantity)
    }
}
