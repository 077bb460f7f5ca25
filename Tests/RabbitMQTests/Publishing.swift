import AMQP
import Inventory
import InventoryTesting
import LedgerTesting
import Logging
import NIOPosix
import Postgres
import PostgresLedger
import RabbitMQ
import ServerTesting
import ServiceLifecycle
import StockEvents

/// An instance that publishes events.
struct Publishing: Sendable {
    let ledger: PostgresLedger
    let publisher: EventPublisher

    /// - Parameters:
    ///   - subscriptions: What the publisher reads and stores, given the ledger.
    static func with<T: Sendable>(
        _ database: TestDatabase, _ server: RabbitMQServer,
        subscriptions: @Sendable (PostgresLedger) -> any ChangeReading & SubscriptionStoring = { $0 },
        _ body: @Sendable (Publishing) async throws -> T
    ) async throws -> T {
        let waiters = ChangeWaiters()
        return try await database.withLedger(observer: Waking(waiters: waiters)) { ledger in
            let publisher = EventPublisher(
                ledger: subscriptions(ledger), waiters: waiters, sink: RabbitMQEvents(try .testing(server)),
                logger: TestDatabase.quiet)
            try await publisher.subscribe()
            return try await running([publisher]) { try await body(Publishing(ledger: ledger, publisher: publisher)) }
        }
    }
}

/// Tells of commits, as the program does.
private struct Waking: LedgerObserver {
    let waiters: ChangeWaiters

    func observe(_ observation: LedgerObservation) {
        if case .commit(.committed(_, _, let heads, _)) = observation { waiters.wake(heads) }
    }
}

extension AMQPClient {
    static func testing(_ server: RabbitMQServer) throws -> AMQPClient {
        var configuration = try AMQPConfiguration(url: server.url)
        configuration.connectTimeout = .seconds(60)
        configuration.requestTimeout = .seconds(60)
        return try AMQPClient(
            configuration, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: TestDatabase.quiet)
    }
}

extension PostgresLedger {
    /// Stores 1 and 2, and sugar: four changes of the catalog's.
    func openShop() async throws {
        for id in [StoreID.one, .two] { _ = try await change(.createStore(id, name: "Store \(id)"), .testing) }
        _ = try await change(.createProduct(.sugar, ProductDetails(name: "Sugar 1kg")), .testing)
    }

    func stock(_ levels: [LevelKey] = [.sugarInOne, .sugarInTwo], times: Int) async throws {
        try await withThrowingTaskGroup { group in
            for level in levels {
                group.addTask { for _ in 0..<times { _ = try await record(.stockIn(1, level), .testing) } }
            }
            try await group.waitForAll()
        }
    }

    /// Of each ledger, in order.
    func eventIDs() async throws -> [StoreID: [String]] {
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
    static func sugar(_ units: Int64) -> Transfer {
        guard let quantity = Quantity(units) else { preconditionFailure("\(units) is no quantity") }
        return Transfer(productID: .sugar, from: .one, to: .two, quantity: quantity)
    }
}
