import Access
import EventTesting
import Foundation
import Inventory
import InventoryTesting
import KafkaTesting
import LedgerTesting
import PostgresLedger
import ServerTesting
import Testing

@Suite("khata serve with Kafka", .serialized)
struct KafkaServingTests {
    @Test("an instance that is killed at any time loses, doubles and reorders nothing of what goes through it")
    func killed() async throws {
        try await withShop { shop in
            let count = 1_500
            try await KafkaReader.reading("khata.events", partitions: 2, of: shop.kafka) { events in
                var instance = try shop.serve("first")
                try await closing({ instance.kill() }) {
                    let sending = Task { try await KafkaTill(shop.kafka).send(shop.story(count)) }
                    for round in 0..<3 {
                        let before = try await shop.onHand(.one)
                        try await eventually("some commands are executed") {
                            try await shop.onHand(.one) > min(before + 50, Int64(count) - 1)
                        }
                        instance.kill()
                        instance = try shop.serve("after \(round)")
                    }
                    try await sending.value
                    try await eventually("all commands are executed", within: .seconds(120)) {
                        let (one, two) = (try await shop.onHand(.one), try await shop.onHand(.two))
                        return one == Int64(count) && two == Int64(count)
                    }
                    // Those of the catalog are older than the subscription.
                    var expected = try await shop.ledger.eventIDs()
                    expected[.catalog] = nil
                    try await eventually("all events are there", within: .seconds(120)) {
                        try events.taken.count >= 2 * count && EventStory(events.taken).ids == expected
                    }
                    let story = try EventStory(events.taken)
                    #expect(story.ahead == 0 && story.rewritten == 0)
                }
            }
        }
    }

    @Test("config check says what is missing on the cluster, and serve does not start for a user who does not exist")
    func check() async throws {
        try await withShop { shop in
            let good = try await shop.program().run(["config", "check"])
            #expect(good.status == 0, "\(good.errors)")
            shop.kafka.hide("khata.outcomes")
            let bad = try await shop.program().run(["config", "check"])
            #expect(
                bad.status == 3 && bad.errors.contains("Kafka has no topic khata.outcomes: create it"), "\(bad.errors)")
            let nobody = try await shop.program(["KHATA_KAFKA_COMMANDS_USER": "nobody"])
                .run(["serve", "--port", "0", "--ops-port", "0"])
            #expect(nobody.status == 3 && nobody.errors.contains("there is no such user"), "\(nobody.errors)")
        }
    }

    @Test(
        "settings that make no sense are refused, without their secrets",
        arguments: [
            (["SERVERS": "localhost"], "has to be host:port"),
            (["SERVERS": "kafka://localhost:9092"], "has to be host:port"),
            (["SERVERS": "localhost:9092", "USERNAME": "khata"], "belong together"),
            (["USERNAME": "khata", "PASSWORD": "hush"], "set without kafka.servers"),
            (
                ["SERVERS": "localhost:9092", "USERNAME": "khata", "PASSWORD": "hush", "MECHANISM": "PLAIN"],
                "it takes TLS"
            ),
            (["SERVERS": "localhost:9092", "CA_FILE": "/etc/ca.pem"], "only used with TLS"),
            (["SERVERS": "localhost:9092", "MECHANISM": "GSSAPI"], "it has to be one of SCRAM-SHA-512, "),
            (["SERVERS": "localhost:1", "TLS": "true", "CA_FILE": "/none.pem"], "ssl.ca.location"),
        ])
    func settings(kafka: [String: String], message: String) async throws {
        try await TestDatabase.with { database in
            let variables = kafka.map { ("KHATA_KAFKA_\($0)", $1) }
            let outcome = try await Program(on: database, Dictionary(uniqueKeysWithValues: variables))
                .run(["config", "check"])
            #expect(outcome.status == 3 && outcome.errors.contains(message), "\(outcome.errors)")
            #expect(!outcome.errors.contains("hush"))
        }
    }

    @Test("a RabbitMQ and a Kafka at once are refused, and so is either of them with a file")
    func conflicts() async throws {
        try await TestFile.with { file in
            let kafka = ["KHATA_KAFKA_SERVERS": "localhost:9092"]
            let inFile = try await Program(on: file, kafka).run(["config", "check"])
            #expect(inFile.status == 3 && inFile.errors.contains("sqlite.file and kafka.servers are both set"))
            let both = [
                "KHATA_PRIMARY_URL": "postgresql://localhost/a", "KHATA_AMQP_URL": "amqp://localhost:1",
            ].merging(kafka) { $1 }
            let outcome = try await Program(environment: both).run(["config", "check"])
            #expect(outcome.status == 3 && outcome.errors.contains("amqp.url and kafka.servers are both set"))
        }
    }
}

/// Stores 1 and 2 with sugar, whose commands are from the key of an admin.
private struct KafkaShop {
    let kafka: MockKafka
    let database: TestDatabase
    let ledger: PostgresLedger
    let folder: URL
    let user: String

    func program(_ more: [String: String] = [:]) -> Program {
        Program(
            on: database,
            ["KHATA_KAFKA_SERVERS": kafka.servers, "KHATA_KAFKA_COMMANDS_USER": user].merging(more) { $1 })
    }

    func serve(_ name: String) throws -> RunningProgram {
        try program().start(["serve", "--port", "0", "--ops-port", "0"], log: folder.appending(path: "\(name).log"))
    }

    /// Each stock-in says how much there is before it: any other order is refused.
    func story(_ count: Int) -> [KafkaTill.Record] {
        (0..<count).flatMap { number in
            (1...2).map { store in
                KafkaTill.Record(
                    key: "\(store)",
                    """
                    {"store_id":\(store),"product_id":\(ProductID.sugar),"movement_type":"stock-in","quantity":1,\
                    "expected_on_hand":\(number)}
                    """,
                    [("message-id", "\(store)-\(number)"), ("content-type", "application/json")])
            }
        }
    }

    func onHand(_ store: StoreID) async throws -> Int64 {
        try await ledger.level(LevelKey(store, .sugar), Freshness()).value.onHand
    }
}

private func withShop(_ body: @Sendable (KafkaShop) async throws -> Void) async throws {
    try await MockKafka.with { kafka in
        kafka.createTopics(partitions: 2)
        try await TestDatabase.with { database in
            try await database.withLedger { ledger in
                try await ledger.openShop()
                let key = APIKey.generate()
                _ = try await ledger.addAPIKey(NewAPIKey(key, name: "till", grant: Grant(role: .clerk)))
                try await TestFile.with { file in
                    try await body(
                        KafkaShop(
                            kafka: kafka, database: database, ledger: ledger, folder: file.folder, user: "key:\(key.id)"
                        ))
                }
            }
        }
    }
}
