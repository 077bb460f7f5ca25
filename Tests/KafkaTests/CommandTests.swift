import EventTesting
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
import Testing

@Suite("Commands from Kafka", .serialized)
struct CommandTests {
    @Test("movements, transfers and batches are executed, answered and, if refused, kept with the problem")
    func outcomes() async throws {
        try await KafkaShop.with { shop in
            try await shop.withInstance { ledger in
                let transfer = #"{"product_id":102,"from_store_id":1,"to_store_id":2,"quantity":3}"#
                let batch = #"""
                    {"movements":[{"store_id":1,"product_id":102,"movement_type":"sale","quantity":7},
                        {"store_id":1,"product_id":102,"movement_type":"sale","quantity":9}]}
                    """#
                func asking(_ id: String) -> [(name: String, value: String)] { [("correlation-id", "for \(id)")] }
                try await shop.send([
                    .movement("in", .stockIn(10), asking("in")),
                    .command("transfer", type: "transfer", transfer, asking("transfer")),
                    .command("batch", type: "batch", batch, asking("batch")),
                    .movement("refused", .sale(1), asking("refused") + [("colour", "red"), ("khata-code", "forged")]),
                    .movement("in", .stockIn(10), asking("in")),
                    .movement("silent", .stockIn(1)),
                ])
                try await KafkaReader.reading("khata.outcomes", of: shop.kafka) { outcomes in
                    try await eventually("they are answered", within: .seconds(60)) { outcomes.taken.count >= 5 }
                    try await eventually { try await ledger.onHand(.sugarInOne) == 1 }
                    let taken = outcomes.taken
                    #expect(
                        taken.map { $0.headers["correlation-id"] }
                            == ["in", "transfer", "batch", "refused", "in"].map { "for \($0)" })
                    #expect(taken.allSatisfy { $0.headers["content-type"] == "application/json" && $0.key == "1" })
                    #expect(taken[0].headers["message-id"] == "in")
                    #expect(taken[0].text?.hasPrefix(#"{"status":"done","result":{"store_id":1,"position":1,"#) == true)
                    #expect(taken[1].text?.hasPrefix(#"{"status":"done","result":{"transfer_id":"1-2","#) == true)
                    #expect(taken[3].text?.hasPrefix(#"{"status":"refused","problem":{"type":"#) == true)
                    #expect(taken[4].text == taken[0].text)
                }
                #expect(try await ledger.onHand(.sugarInTwo) == 3)
                try await KafkaReader.reading("khata.rejected", of: shop.kafka) { rejected in
                    try await eventually("they are kept") { rejected.taken.count == 2 }
                    #expect(rejected.taken.map { $0.headers["message-id"] } == ["batch", "refused"])
                    #expect(
                        rejected.taken.map { $0.headers["khata-code"] }
                            == Array(repeating: "insufficient-stock", count: 2))
                    #expect(rejected.taken[0].text == batch && rejected.taken[0].headers["type"] == "batch")
                    #expect(
                        rejected.taken[0].headers["khata-problem"]?.contains("1 of the 2 movements were refused")
                            == true)
                    #expect(rejected.taken[1].headers["colour"] == "red" && rejected.taken[1].key == "1")
                }
            }
        }
    }

    @Test("a refused command that is too long to be kept takes nothing from those beside it")
    func tooLongToKeep() async throws {
        try await KafkaShop.with { shop in
            func asking(_ id: String) -> [(name: String, value: String)] { [("correlation-id", id)] }
            let long = String(repeating: "x", count: 1_000_500)
            try await shop.send(
                [
                    .movement("in", .stockIn(1), asking("in")), .command("long", long),
                    .movement("sale", .sale(1), asking("sale")), .movement("refused", .sale(1)),
                ])
            // They wait, and are settled together.
            try await shop.withInstance { _ in
                try await KafkaReader.reading("khata.outcomes", of: shop.kafka) { outcomes in
                    try await eventually("they are answered", within: .seconds(60)) { outcomes.taken.count >= 2 }
                    #expect(outcomes.taken.map { $0.headers["correlation-id"] } == ["in", "sale"])
                }
                try await KafkaReader.reading("khata.rejected", of: shop.kafka) { rejected in
                    try await eventually("they are kept") { rejected.taken.count >= 2 }
                    let refused = try #require(rejected.taken.first { $0.headers["message-id"] == "refused" })
                    #expect(refused.text?.contains("sale") == true && refused.headers["khata-problem"] != nil)
                    #expect(rejected.taken.contains { $0.text == nil && $0.headers["khata-code"] == "malformed-json" })
                }
            }
        }
    }

    @Test("what cannot be executed goes to khata.rejected, each with its code, and the partition goes on")
    func badInput() async throws {
        try await KafkaShop.with { shop in
            try await shop.withInstance { ledger in
                let sale = String(json: { $0.value(Movement.stockIn(1)) })
                func changed(_ id: String, _ change: (inout KafkaTill.Record) -> Void) -> KafkaTill.Record {
                    var record = KafkaTill.Record.command(id, sale)
                    change(&record)
                    return record
                }
                let now = Timestamp.now.microseconds / 1_000
                let large = String(repeating: " ", count: 1 << 20) + sale
                let records: [(code: String, KafkaTill.Record)] = [
                    ("malformed-json", .command("json", "{")),
                    ("malformed-json", .command("tombstone", nil)),
                    ("malformed-json", .command("empty", "")),
                    ("invalid-body", .command("field", #"{"store_id":1,"colour":"red"}"#)),
                    ("unsupported-media-type", changed("media") { $0.headers[0].value = "text/plain" }),
                    ("unsupported-media-type", changed("medialess") { $0.headers.remove(at: 0) }),
                    ("body-too-large", .command("large", large)),
                    ("invalid-parameter", .command(nil, sale)),
                    ("invalid-parameter", .command("two words", sale)),
                    (
                        "not-found",
                        .command("store", key: "77", sale.replacing(#""store_id":1"#, with: #""store_id":77"#))
                    ),
                    ("invalid-parameter", .command("key", key: "2", sale)),
                    ("invalid-parameter", .command("no key", key: "", sale)),
                    ("invalid-parameter", .command("type", type: "theft", sale)),
                    ("expired", changed("old") { $0.timestamp = now - 25 * 3_600_000 }),
                    ("invalid-parameter", changed("future") { $0.timestamp = now + 7_200_000 }),
                    (
                        "invalid-parameter",
                        .command("correlation", sale, [("correlation-id", String(repeating: "x", count: 256))])
                    ),
                    ("unknown-product", .command("product", sale.replacing("102", with: "999"))),
                    ("invalid-body", .command("import", sale.dropLast() + #","import":{"external_id":"x"}}"#)),
                    // Its refusal is longer than the topic of refusals takes.
                    ("invalid-body", .command("long", #"{"x":""# + String(repeating: "x", count: 1_000_000) + #""}"#)),
                ]
                try await shop.send(records.map(\.1))
                try await shop.send([.movement("used", .stockIn(1)), .movement("used", .stockIn(2))])
                var expected = Dictionary(
                    uniqueKeysWithValues: records.map { record in
                        (record.1.headers.first { $0.name == "message-id" }?.value ?? "none", record.code)
                    })
                expected["used"] = "idempotency-key-reused"
                try await KafkaReader.reading("khata.rejected", of: shop.kafka) { rejected in
                    try await eventually("all are refused", within: .seconds(60)) {
                        rejected.taken.count >= expected.count
                    }
                    let codes = Dictionary(
                        rejected.taken.map { ($0.headers["message-id"] ?? "none", $0.headers["khata-code"] ?? "none") },
                        uniquingKeysWith: { $0 + ", " + $1 })
                    #expect(codes == expected)
                    let long = rejected.taken.filter { ["large", "long"].contains($0.headers["message-id"]) }
                    #expect(long.map { $0.headers["khata-body-bytes"] } == ["\(large.utf8.count)", "1000008"])
                    #expect(long.allSatisfy { $0.text == nil })
                }
                try await eventually("the partition goes on") { try await ledger.onHand(.sugarInOne) == 1 }
            }
        }
    }

    @Test("they have the rights of their user", arguments: [("guest", "forbidden"), ("branch", "not-found")])
    func rights(user: String, code: String) async throws {
        try await KafkaShop.with { shop in
            try await shop.withInstance(user: user) { ledger in
                try await shop.send([.movement("1", .stockIn(1))])
                try await KafkaReader.reading("khata.rejected", of: shop.kafka) { rejected in
                    try await eventually("it is refused", within: .seconds(60)) { !rejected.taken.isEmpty }
                    #expect(rejected.taken[0].headers["khata-code"] == code)
                }
            }
        }
    }

    @Test("a store's commands are executed in order and once, while instances come and go")
    func order() async throws {
        try await KafkaShop.with(partitions: 4) { shop in
            let count = 400
            try await shop.send(shop.story(count))
            try await shop.database.withLedger { ledger in
                var instances: [Task<Void, any Error>] = []
                for round in 0..<4 {
                    let consumer = try shop.consumer(ledger)
                    instances.append(
                        Task { try await running([consumer]) { try await Task.sleep(for: .seconds(120)) } })
                    // Some work, then the older one is stopped: in order, or without a chance to finish.
                    let before = try await ledger.onHand(.sugarInOne)
                    try await eventually("some are done", within: .seconds(60)) {
                        try await ledger.onHand(.sugarInOne) >= min(Int64(count), before + 20)
                    }
                    if round > 0 { instances[round - 1].cancel() }
                }
                try await shop.expectStory(count, ledger)
                for instance in instances { instance.cancel() }
                for instance in instances { _ = await instance.result }
            }
            try await expectNoRejection(shop)
        }
    }

    private func expectNoRejection(_ shop: KafkaShop) async throws {
        var end = KafkaTill.Record(key: "0", "end")
        end.topic = "khata.rejected"
        try await shop.send([end])
        try await KafkaReader.reading("khata.rejected", partitions: 4, of: shop.kafka) { rejected in
            try await eventually("it is read") { rejected.taken.contains { $0.text == "end" } }
            #expect(rejected.taken.count == 1, "\(rejected.taken.prefix(3))")
        }
    }

    @Test("what the ledger cannot take waits, and is executed in order and once")
    func databaseFails() async throws {
        try await KafkaShop.with(partitions: 4) { shop in
            try await shop.database.execute(
                """
                create sequence attempts;
                create function fail_often() returns trigger language plpgsql security definer as $$
                begin
                    if nextval('attempts') % 5 <> 0 then
                        raise exception 'try again' using errcode = 'serialization_failure';
                    end if;
                    return null;
                end $$;
                create constraint trigger fail after insert on outbox deferrable initially deferred
                    for each row execute function fail_often();
                """)
            var limits = LedgerLimits()
            limits.commitTimeout = .milliseconds(1)
            limits.write.commandsPerTransaction = 20
            try await shop.withInstance(limits: limits) { ledger in
                try await shop.send(shop.story(40))
                try await shop.expectStory(40, ledger)
            }
            try await expectNoRejection(shop)
        }
    }

    @Test("when the brokers are down for a while, nothing is lost, doubled or reordered")
    func down() async throws {
        try await KafkaShop.with(partitions: 4) { shop in
            try await shop.withInstance { ledger in
                try await shop.send(shop.story(300))
                try await eventually("some are done", within: .seconds(60)) {
                    try await ledger.onHand(.sugarInOne) > 10
                }
                shop.kafka.stop()
                try await Task.sleep(for: .milliseconds(500))
                shop.kafka.start()
                try await shop.expectStory(300, ledger)
            }
            try await expectNoRejection(shop)
        }
    }

    @Test("what was committed when the answer is not confirmed is not executed again, and is answered")
    func unconfirmed() async throws {
        try await KafkaShop.with { shop in
            try await shop.database.withLedger { ledger in
                let source = CutSource(KafkaCommands(try shop.kafka.client(), user: "till", prefetch: 20), cuts: 5)
                try await running([shop.consumer(of: source, ledger)]) {
                    try await shop.send(
                        shop.story(40).map { record in
                            var record = record
                            record.headers.append(("correlation-id", "x"))
                            return record
                        })
                    try await shop.expectStory(40, ledger)
                    try await KafkaReader.reading("khata.outcomes", of: shop.kafka) { outcomes in
                        try await eventually("all are answered", within: .seconds(60)) {
                            Set(outcomes.taken.compactMap { $0.headers["message-id"] }).count == 160
                        }
                        #expect(outcomes.taken.allSatisfy { $0.text?.hasPrefix(#"{"status":"done""#) == true })
                    }
                }
                #expect(source.cutsLeft == 0)
            }
        }
    }

    @Test("without their topic none are taken, and the health says why")
    func missingTopic() async throws {
        try await KafkaShop.with { shop in
            shop.kafka.hide("khata.outcomes")
            try await shop.database.withLedger { ledger in
                let consumer = try shop.consumer(ledger)
                try await running([consumer]) {
                    try await eventually("the health says so") {
                        consumer.health()[0].output == "Kafka has no topic khata.outcomes: create it"
                    }
                    #expect(consumer.health()[0].status == .warn)
                    shop.kafka.hide("khata.outcomes", false)
                    try await eventually("they are taken", within: .seconds(60)) {
                        consumer.health()[0].status == .pass
                    }
                }
            }
        }
    }
}
