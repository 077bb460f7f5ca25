import EventTesting
import Foundation
import Inventory
import InventoryContract
import InventoryTesting
import JSON
import Kafka
import KafkaTesting
import LedgerTesting
import PostgresLedger
import ServerTesting
import StockCommands
import StockEvents
import Testing

/// A shop with stores 1 to 9 and two products on PostgreSQL, and a cluster of its own, whose commands are from the clerk `till`.
struct KafkaShop: Sendable {
    let database: TestDatabase
    let kafka: MockKafka

    static func with(partitions: Int32 = 1, _ body: (KafkaShop) async throws -> Void) async throws {
        try await TestDatabase.with { database in
            try await database.withLedger { try await $0.openShopOfTills() }
            try await MockKafka.with { kafka in
                kafka.createTopics(partitions: partitions)
                try await body(KafkaShop(database: database, kafka: kafka))
            }
        }
    }

    func consumer(_ ledger: PostgresLedger, user: String = "till") throws -> CommandConsumer<KafkaCommands> {
        consumer(of: KafkaCommands(try kafka.client(), user: user, prefetch: 50), ledger)
    }

    func consumer<Source>(of source: Source, _ ledger: PostgresLedger) -> CommandConsumer<Source> {
        CommandConsumer(
            source, ledger: ledger, credentials: ledger, limits: CommandLimits(input: InputLimits(), batch: 100),
            logger: TestDatabase.quiet)
    }

    /// Runs an instance while `body` does its work.
    func withInstance<T: Sendable>(
        user: String = "till", limits: LedgerLimits = LedgerLimits(),
        _ body: @Sendable (PostgresLedger) async throws -> T
    ) async throws -> T {
        try await database.withLedger(limits: limits) { ledger in
            try await running([try consumer(ledger, user: user)]) { try await body(ledger) }
        }
    }

    func send(_ records: [KafkaTill.Record]) async throws { try await KafkaTill(kafka).send(records) }

    /// Each stock-in says how much there is before it: any other order is refused.
    func story(_ count: Int, stores: ClosedRange<Int64> = 1...4) -> [KafkaTill.Record] {
        (0..<count).flatMap { number in
            stores.map { store in
                var movement = Movement.stockIn(1, LevelKey(StoreID(rawValue: store), .sugar))
                movement.expectedOnHand = Int64(number)
                return .movement("\(store)-\(number)", movement)
            }
        }
    }

    func expectStory(_ count: Int, _ ledger: PostgresLedger) async throws {
        for store in Int64(1)...4 {
            let level = LevelKey(StoreID(rawValue: store), .sugar)
            try await eventually("store \(store) has all", within: .seconds(120)) {
                try await ledger.onHand(level) == Int64(count)
            }
        }
    }

    func rejections(of kafka: MockKafka, _ body: (KafkaReader) async throws -> Void) async throws {
        try await KafkaReader.reading("khata.rejected", partitions: 4, of: kafka, body)
    }
}

extension KafkaTill.Record {
    static func command(
        _ id: String?, key: String = "1", type: String? = nil, _ value: String?,
        _ more: [(name: String, value: String)] = []
    ) -> Self {
        var headers = [(name: "content-type", value: "application/json")] + more
        if let id { headers.append(("message-id", id)) }
        if let type { headers.append(("type", type)) }
        return Self(key: key, value, headers)
    }

    static func movement(
        _ id: String?, _ movement: Movement, _ more: [(name: String, value: String)] = []
    ) -> Self {
        command(id, key: "\(movement.storeID)", String(json: { $0.value(movement) }), more)
    }
}

/// An instance that publishes events.
struct Publishing: Sendable {
    let ledger: PostgresLedger
    let publisher: EventPublisher

    static func with<T: Sendable>(
        _ database: TestDatabase, _ client: KafkaClient, _ body: @Sendable (Publishing) async throws -> T
    ) async throws -> T {
        let waiters = ChangeWaiters()
        return try await database.withLedger(observer: Waking(waiters: waiters)) { ledger in
            let publisher = EventPublisher(
                ledger: ledger, waiters: waiters, sink: KafkaEvents(client), logger: TestDatabase.quiet)
            try await publisher.subscribe()
            return try await running([publisher]) { try await body(Publishing(ledger: ledger, publisher: publisher)) }
        }
    }
}

/// Tells of commits, as the program does.
private struct Waking: LedgerObserver {
    let waiters: ChangeWaiters

    func observe(_ observation: LedgerObservation) {
        if case .commit(.committed(let decision, _, _), _) = observation { waiters.wake(decision.heads.values) }
    }
}
