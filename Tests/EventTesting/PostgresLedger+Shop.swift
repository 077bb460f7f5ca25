public import Inventory
public import InventoryTesting
public import PostgresLedger
import StockEvents

extension PostgresLedger {
    /// Stores 1 and 2, and sugar: four changes of the catalog's.
    public func openShop() async throws {
        for id in [StoreID.one, .two] { _ = try await change(.createStore(id, name: "Store \(id)"), .testing) }
        _ = try await change(.createProduct(.sugar, ProductDetails(name: "Sugar 1kg")), .testing)
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
