import EventTesting
import Inventory
import InventoryTesting
import Kafka
import KafkaTesting
import LedgerTesting
import PostgresLedger
import ServerTesting
import StockEvents
import Testing

@Suite("Events in Kafka", .serialized)
struct EventTests {
    private func publishing(
        confirmTimeout: Duration = .seconds(30),
        _ body: @Sendable (Publishing, MockKafka, KafkaReader) async throws -> Void
    ) async throws {
        try await TestDatabase.with { database in
            try await MockKafka.with { kafka in
                kafka.createTopics(partitions: 3)
                let client = try kafka.client(confirmTimeout: confirmTimeout)
                try await KafkaReader.reading("khata.events", partitions: 3, of: kafka) { reader in
                    try await Publishing.with(database, client) { try await body($0, kafka, reader) }
                }
            }
        }
    }

    private func expectAll(_ reader: KafkaReader, _ ledger: PostgresLedger) async throws {
        let expected = try await ledger.eventIDs()
        try await eventually("all are there", within: .seconds(120)) { try EventStory(reader.taken).ids == expected }
        let story = try EventStory(reader.taken)
        #expect(story.ahead == 0 && story.rewritten == 0)
    }

    @Test("every change is there once, in order, in its store's partition, as a CloudEvent")
    func complete() async throws {
        try await publishing { publishing, kafka, reader in
            try await publishing.ledger.openShop()
            try await publishing.ledger.stock(times: 100)
            _ = try await publishing.ledger.record(Transfer.sugar(5), .testing)
            try await expectAll(reader, publishing.ledger)
            #expect(try EventStory(reader.taken).repeated == 0)
            for key in ["0", "1", "2"] {
                #expect(Set(reader.taken.filter { $0.key == key }.map(\.partition)).count == 1)
            }
            let last = try #require(reader.taken.last { $0.key == "2" })
            #expect(last.headers == ["content-type": "application/cloudevents+json; charset=utf-8"])
            #expect(last.text?.contains(#""type":"khata.stock.transferred.v1""#) == true)
            try await eventually("nothing is pending") {
                let health = await publishing.publisher.health()
                #expect(health.map(\.status) == [.pass, .pass, .pass])
                return health[1].observed == 0
            }
        }
    }

    @Test("brokers that are down cost writes nothing, and lose none, nor their order")
    func down() async throws {
        try await publishing { publishing, kafka, reader in
            let ledger = publishing.ledger
            try await ledger.openShop()
            for _ in 0..<2 {
                let before = reader.taken.count
                async let writing: Void = ledger.stock(times: 300)
                try await eventually("some are there") { reader.taken.count > before + 50 }
                kafka.stop()
                try await writing
                try await ledger.stock(times: 600)
                try await eventually("the health says so") {
                    await publishing.publisher.health()[0].output?.hasPrefix("no connection to Kafka") == true
                }
                kafka.start()
                try await expectAll(reader, ledger)
            }
        }
    }

    @Test("a broker that refuses some gets them all, in order", arguments: [10, 29, 47])
    func refused(code: Int32) async throws {
        try await publishing { publishing, kafka, reader in
            let ledger = publishing.ledger
            try await ledger.openShop()
            for _ in 0..<3 {
                let before = reader.taken.count
                async let writing: Void = ledger.stock(times: 200)
                try await eventually("some are there") { reader.taken.count > before + 20 }
                // A message too large, a topic without the right, an epoch of the producer that is over.
                kafka.refuse(.produce, times: 2, with: code)
                try await writing
                try await expectAll(reader, ledger)
            }
        }
    }

    @Test("a broker that does not confirm in time gets them again")
    func slow() async throws {
        try await publishing(confirmTimeout: .seconds(1)) { publishing, kafka, reader in
            let ledger = publishing.ledger
            try await ledger.openShop()
            try await expectAll(reader, ledger)
            kafka.slow(by: 3_000)
            try await ledger.stock(times: 20)
            try await eventually("the health says so") {
                await publishing.publisher.health()[0].output?.hasPrefix("no connection to Kafka") == true
            }
            kafka.slow(by: 0)
            try await expectAll(reader, ledger)
        }
    }

    @Test("without their topic they wait, and the health says why")
    func missingTopic() async throws {
        try await TestDatabase.with { database in
            try await MockKafka.with { kafka in
                kafka.createTopics()
                kafka.hide("khata.events")
                try await Publishing.with(database, try kafka.client()) { publishing in
                    try await publishing.ledger.openShop()
                    try await eventually("the health says so") {
                        await publishing.publisher.health()[0].output == "Kafka has no topic khata.events: create it"
                    }
                    kafka.hide("khata.events", false)
                    try await KafkaReader.reading("khata.events", of: kafka) { reader in
                        try await expectAll(reader, publishing.ledger)
                    }
                }
            }
        }
    }
}
