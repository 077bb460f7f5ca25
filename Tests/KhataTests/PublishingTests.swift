import EventTesting
import Foundation
import Inventory
import InventoryTesting
import LedgerTesting
import PostgresLedger
import ServerTesting
import Synchronization
import Testing

@Suite("khata serve publishes events", .serialized)
struct PublishingTests {
    @Test("another instance goes on when one is stopped, which changes nothing when it wakes")
    func stopped() async throws {
        try await withShop { shop in
            let (one, two) = (try shop.serve("one"), try shop.serve("two"))
            try await closing({ for instance in [one, two] { instance.kill() } }) {
                try await eventually("both serve") {
                    try [one, two].allSatisfy { try $0.said.contains("serving") }
                }
                try await shop.ledger.openShop()
                let writing = Task { while !Task.isCancelled { try await shop.ledger.stock(times: 5) } }
                var (holder, other) = (one, two)
                try await eventually("one publishes") {
                    if try two.publications > 0 { (holder, other) = (two, one) }
                    return try holder.publications > 0
                }
                for _ in 0..<2 {
                    let before = shop.listener.events.count
                    try await eventually("some events are there") { shop.listener.events.count > before + 100 }
                    let publications = try other.publications
                    holder.kill(SIGSTOP)
                    try await eventually("the other one publishes") { try other.publications > publications }
                    let atTakeover = shop.listener.events.count
                    try await eventually("more events are there") { shop.listener.events.count > atTakeover + 100 }
                    holder.kill(SIGCONT)
                    (holder, other) = (other, holder)
                }
                writing.cancel()
                _ = await writing.result
                try await shop.expectAll()
            }
        }
    }

    @Test("an instance that is killed at any time costs no event, and its repeated ones have the same ids")
    func killed() async throws {
        try await withShop { shop in
            var instance = try shop.serve("first")
            try await closing({ instance.kill() }) {
                try await eventually("it serves") { try instance.said.contains("serving") }
                try await shop.ledger.openShop()
                let writing = Task { while !Task.isCancelled { try await shop.ledger.stock(times: 5) } }
                for round in 0..<4 {
                    let before = shop.listener.events.count
                    try await eventually("some events are there") { shop.listener.events.count > before + 50 }
                    instance.kill()
                    instance = try shop.serve("after \(round)")
                }
                writing.cancel()
                _ = await writing.result
                try await shop.expectAll()
            }
        }
    }

    @Test("without a broker at its start it serves, and publishes everything since")
    func laterBroker() async throws {
        try await withShop { shop in
            shop.server.kill()
            let instance = try shop.serve("one")
            try await closing({ instance.kill() }) {
                try await eventually("it serves") { try instance.said.contains("serving") }
                try await shop.ledger.openShop()
                try await shop.ledger.stock(times: 10)
                try shop.server.start()
                try await shop.expectAll()
            }
        }
    }

    @Test("config check says whether the broker lets the user in")
    func check() async throws {
        try await withShop { shop in
            let good = try await Program(on: shop.database, ["KHATA_AMQP_URL": shop.server.url]).run([
                "config", "check",
            ])
            #expect(good.status == 0, "\(good.errors)")
            let url = shop.server.url.replacing("khata:secret", with: "khata:wrong")
            let bad = try await Program(on: shop.database, ["KHATA_AMQP_URL": url]).run(["config", "check"])
            #expect(bad.status == 3 && bad.errors.contains("amqp.url: "), "\(bad.errors)")
            #expect(!bad.errors.contains("wrong"))
        }
    }
}

/// A broker, somebody who listens to all events, and a database whose ledger this process writes too.
private struct EventShop {
    let server: RabbitMQServer
    let listener: Listener
    let database: TestDatabase
    let ledger: PostgresLedger
    let folder: URL

    func serve(_ name: String) throws -> RunningProgram {
        try Program(on: database, ["KHATA_AMQP_URL": server.url])
            .start(["serve", "--port", "0", "--ops-port", "0"], log: folder.appending(path: "\(name).log"))
    }

    func expectAll() async throws {
        let expected = try await ledger.eventIDs()
        try await eventually("all events are there", within: .seconds(120)) { listener.events.ids == expected }
        #expect(listener.events.rewritten == 0)
    }
}

private func withShop(_ body: @Sendable (EventShop) async throws -> Void) async throws {
    try await RabbitMQServer.with { server in
        let listener = try Listener(server)
        try await listener.bind()
        try await TestDatabase.with { database in
            try await database.withLedger { ledger in
                try await listener.listening {
                    try await body(
                        EventShop(
                            server: server, listener: listener, database: database, ledger: ledger,
                            folder: server.directory))
                }
            }
        }
    }
}

extension RunningProgram {
    /// How often it began to publish.
    fileprivate var publications: Int {
        get throws { try said.ranges(of: "this process publishes the events").count }
    }
}
