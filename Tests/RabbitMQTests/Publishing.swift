import AMQP
import EventTesting
import Inventory
import InventoryTesting
import LedgerTesting
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
        if case .commit(.committed(let decision, _, _), _) = observation {
            waiters.wake(Array(decision.heads.values))
        }
    }
}
