import AMQP
import EventTesting
import Inventory
import InventoryTesting
import LedgerTesting
import PostgresLedger
import RabbitMQ
import ServerTesting
import StockEvents
import Synchronization
import Testing

/// One after the other: each starts a broker of its own.
@Suite("Events through RabbitMQ", .serialized)
struct EventTests {
    @Test("are every change of every ledger once, in order, with what routes and proves them")
    func complete() async throws {
        try await RabbitMQServer.with { server in
            let (all, sales) = (
                try Listener(server), try Listener(server, queue: "sales", key: "store.2.khata.stock.*.v1")
            )
            for listener in [all, sales] { try await listener.bind() }
            try await TestDatabase.with { database in
                try await Publishing.with(database, server) { publishing in
                    try await all.listening {
                        try await publishing.ledger.openShop()
                        try await publishing.ledger.stock(times: 100)
                        _ = try await publishing.ledger.record(Transfer.sugar(5), .testing)
                        let expected = try await publishing.ledger.eventIDs()
                        try await eventually("all are there") { all.events.ids == expected }
                        #expect(all.events.repeated == 0 && all.events.ahead == 0)
                        try await eventually("nothing is pending") {
                            let health = await publishing.publisher.health()
                            #expect(health.map(\.status) == [.pass, .pass, .pass])
                            return health[1].observed == 0
                        }
                    }
                    try await sales.listening {
                        try await eventually("those of the key are there") { sales.events.count == 101 }
                    }
                }
            }
            let last = try #require(sales.events.messages.last)
            #expect(last.exchange == "khata.events")
            #expect(last.routingKey == "store.2.khata.stock.transferred.v1")
            #expect(last.properties.messageID == "2-\(sales.events.ids[.two]?.last ?? "")")
            #expect(last.properties.contentType == "application/cloudevents+json; charset=utf-8")
            #expect(last.properties.isPersistent)
        }
    }

    @Test("a broker that is killed twice, and down for long, loses none, and costs writes nothing")
    func killed() async throws {
        try await RabbitMQServer.with { server in
            let listener = try Listener(server)
            try await listener.bind()
            try await TestDatabase.with { database in
                try await Publishing.with(database, server) { publishing in
                    let ledger = publishing.ledger
                    try await listener.listening {
                        try await ledger.openShop()
                        for _ in 0..<2 {
                            let before = listener.events.count
                            async let writing: Void = ledger.stock(times: 300)
                            try await eventually("some are there") { listener.events.count > before + 100 }
                            // It takes some without confirming them.
                            server.stop()
                            try await writing
                            server.kill()
                            // More than one page, and nobody waits for the broker.
                            try await ledger.stock(times: 600)
                            let health = await publishing.publisher.health()
                            #expect(health[0].status == .warn && health[0].output == "no connection to RabbitMQ")
                            #expect(health[1].observed ?? 0 >= 1_200)
                            try server.start()
                            let expected = try await ledger.eventIDs()
                            try await eventually("all are there", within: .seconds(120)) {
                                listener.events.ids == expected
                            }
                        }
                        #expect(listener.events.rewritten == 0)
                    }
                }
            }
        }
    }

    @Test("while the broker is short of memory they wait, and are not lost")
    func memoryAlarm() async throws {
        try await RabbitMQServer.with { server in
            let listener = try Listener(server)
            try await listener.bind()
            try await TestDatabase.with { database in
                try await Publishing.with(database, server) { publishing in
                    try await publishing.ledger.openShop()
                    try server.control("set_vm_memory_high_watermark", "absolute", "1MB")
                    try await publishing.ledger.stock(times: 50)
                    try await eventually("the health says so") {
                        await publishing.publisher.health()[0].output == "RabbitMQ takes no messages: low on memory"
                    }
                    try await publishing.ledger.stock(times: 50)
                    try server.control("set_vm_memory_high_watermark", "absolute", "1GB")
                    let expected = try await publishing.ledger.eventIDs()
                    try await listener.listening {
                        try await eventually("all are there") { listener.events.ids == expected }
                    }
                }
            }
        }
    }

    @Test("a full queue that refuses them gets all of its store's in the end, and holds up no other store")
    func refused() async throws {
        try await RabbitMQServer.with { server in
            let full = try Listener(
                server, queue: "full", key: "store.1.#",
                arguments: ["x-max-length": 3, "x-overflow": "reject-publish"])
            let all = try Listener(server)
            for listener in [full, all] { try await listener.bind() }
            try await TestDatabase.with { database in
                try await Publishing.with(database, server) { publishing in
                    try await all.listening {
                        try await publishing.ledger.openShop()
                        try await publishing.ledger.stock(times: 100)
                        let expected = try await publishing.ledger.eventIDs()
                        try await eventually("the other store's are there") {
                            all.events.ids[.two] == expected[.two] && all.events.ids[.catalog] == expected[.catalog]
                        }
                        // The queue refuses on, and few are published again for that.
                        let repeated = all.events.repeated
                        try await eventually("there are more attempts") { all.events.repeated >= repeated + 2 }
                        #expect(all.events.repeated < 150)
                        #expect(
                            try await database.integers(
                                "select position from subscription_cursors where store_id = 1")[0] < 20)
                        try await full.listening {
                            try await eventually("all are there") {
                                full.events.ids[.one] == expected[.one] && all.events.ids == expected
                            }
                        }
                        #expect(full.events.rewritten == 0 && all.events.rewritten == 0)
                    }
                }
            }
        }
    }

    @Test("one whose cursor was not stored after the broker had it comes again with the same id, and none is missing")
    func notStored() async throws {
        try await RabbitMQServer.with { server in
            let listener = try Listener(server)
            try await listener.bind()
            try await TestDatabase.with { database in
                let pages = Atomic(0)
                let subscriptions = { @Sendable (ledger: PostgresLedger) in
                    TestSubscriptions(
                        ledger: { ledger }, forgets: { pages.add(1, ordering: .relaxed).newValue.isMultiple(of: 3) })
                }
                try await Publishing.with(database, server, subscriptions: subscriptions) { publishing in
                    try await listener.listening {
                        try await publishing.ledger.openShop()
                        for _ in 0..<3 {
                            try await publishing.ledger.stock(times: 20)
                            let expected = try await publishing.ledger.eventIDs()
                            try await eventually("all are there") { listener.events.ids == expected }
                        }
                    }
                }
            }
            #expect(listener.events.repeated > 0)
            #expect(listener.events.rewritten == 0 && listener.events.ahead == 0)
        }
    }

    @Test("after a failover that lost commits they are those of the new history, with other ids")
    func lostCommits() async throws {
        try await RabbitMQServer.with { server in
            let listener = try Listener(server)
            try await listener.bind()
            try await TestDatabase.with { database in
                // Where the standby is, and what the primary did beyond.
                try await Publishing.with(database, server) { publishing in
                    try await publishing.ledger.openShop()
                    try await publishing.ledger.stock(times: 10)
                    try await eventually("all are confirmed") {
                        await publishing.publisher.health().dropFirst().first?.observed == 0
                    }
                }
                try await database.withCopy { standby in
                    try await standby.withLedger { promoted in
                        let current = Mutex<PostgresLedger?>(nil)
                        let subscriptions = { @Sendable (ledger: PostgresLedger) in
                            TestSubscriptions(ledger: { current.withLock(\.self) ?? ledger })
                        }
                        try await Publishing.with(database, server, subscriptions: subscriptions) { publishing in
                            try await listener.listening {
                                try await publishing.ledger.stock(times: 5)
                                let lost = try await publishing.ledger.eventIDs()
                                try await eventually("those that will be lost are there") {
                                    listener.events.ids == lost
                                }
                                try await promoted.stock(times: 3)
                                current.withLock { $0 = promoted }
                                try await promoted.stock([.sugarInTwo], times: 4)
                                let expected = try await promoted.eventIDs()
                                try await eventually("the new history is told") {
                                    listener.events.ids[.two] == expected[.two]
                                        && listener.events.ids[.one]?.prefix(13) == expected[.one]?[...]
                                }
                                #expect(listener.events.rewritten == 2 && listener.events.ahead == 0)
                            }
                        }
                    }
                }
            }
        }
    }
}
