import Access
import Foundation
import Inventory
import InventoryTesting
import JSON
import LedgerTesting
import Logging
import NIOHTTP1
import PostgresLedger
import RateLimiting
import SQLiteLedger
import ServerTesting
import ServiceLifecycle
import StockEvents
import Synchronization
import Testing

@testable import Webhooks

typealias AnyShop = WebhookStoring & ChangeReading & StockWriting & StoredStateReading

enum Database: String, CaseIterable, CustomTestStringConvertible, Sendable {
    case postgres = "PostgreSQL"
    case sqlite = "SQLite"

    var testDescription: String { rawValue }

    /// Lends a ledger with stores 1 and 2 and a product, and a second one on the same data, as of another process.
    func withTwo(_ body: @Sendable (any AnyShop, any AnyShop) async throws -> Void) async throws {
        switch self {
        case .postgres:
            try await TestDatabase.with { database in
                try await database.withLedger { one in
                    try await database.withLedger { two in
                        try await prepare(one)
                        try await body(one, two)
                    }
                }
            }
        case .sqlite:
            try await TestFile.with { file in
                try await file.withLedger { one in
                    try await file.withLedger { two in
                        try await prepare(one)
                        try await body(one, two)
                    }
                }
            }
        }
    }

    func with(_ body: @Sendable (any AnyShop) async throws -> Void) async throws {
        try await withTwo { ledger, _ in try await body(ledger) }
    }

    private func prepare(_ ledger: any StockWriting) async throws {
        for store in [StoreID.one, .two] { _ = try await ledger.change(.createStore(store, name: "Shop"), .new) }
        _ = try await ledger.change(.createProduct(.sugar, ProductDetails(name: "Sugar")), .new)
    }
}

extension CommandContext {
    static var new: CommandContext { CommandContext(actor: "key:test", requestID: UUID().uuidString) }
}

/// What a receiver got, in order; only what is signed with one of its secrets counts.
struct Received: Hashable {
    let id: String
    let source: String
    let position: Int64
    let type: String

    init?(_ request: ScriptedServer.Request, _ secret: WebhookSecret) {
        guard let id = request.headers["webhook-id"].first, let time = request.headers["webhook-timestamp"].first,
            let seconds = Int64(time),
            request.headers["webhook-signature"].first?.split(separator: " ").map(String.init).contains(
                secret.signature(id: id, seconds: seconds, body: request.body)) == true,
            case .object(let members) = try? JSONParser.parse(Array(request.body.utf8))
        else { return nil }
        func text(_ name: String) -> String? {
            guard case .text(let text) = members.first(where: { $0.name == name })?.value else { return nil }
            return text
        }
        guard let source = text("source"), let type = text("type"), let sequence = text("sequence"),
            let position = Int64(sequence)
        else { return nil }
        (self.id, self.source, self.type, self.position) = (id, source, type, position)
    }
}

@Suite("Delivery")
struct DeliveryTests {
    /// Quick, and never in doubt about a slow machine.
    private static func deliveries(
        of ledger: any AnyShop, timeout: Duration = .seconds(30),
        delays: [Duration] = Array(repeating: .zero, count: 99),
        page: Int = 50, observing observe: @escaping @Sendable (DeliveryOutcome) -> Void = { _ in }
    ) throws -> WebhookDeliveries {
        var limits = WebhookDeliveries.Limits()
        limits.schedule.delays = delays
        limits.interval = .milliseconds(20)
        limits.flush = .zero
        limits.page = page
        return WebhookDeliveries(
            ledger, waiters: ChangeWaiters(), sender: try .toThisMachine(timeout: timeout), limits: limits,
            observing: observe, logger: TestDatabase.quiet)
    }

    private static func administration(_ ledger: any AnyShop) throws -> WebhookAdministration {
        WebhookAdministration(ledger, sender: try .toThisMachine(), logger: TestDatabase.quiet)
    }

    private static func record(_ count: Int, _ level: LevelKey = .sugarInOne, in ledger: any AnyShop) async throws {
        for _ in 0..<count { _ = try await ledger.record(.stockIn(1, level), .new) }
    }

    private static func received(_ server: ScriptedServer, _ secret: WebhookSecret) -> [Received] {
        server.requests.compactMap { Received($0, secret) }
    }

    /// The positions of a store, in the order of arrival.
    private static func positions(_ received: [Received], of store: StoreID) -> [Int64] {
        received.filter { $0.source == "/stores/\(store)" }.map(\.position)
    }

    @Test("has every event of each store, in order, also when attempts fail", arguments: Database.allCases)
    func order(database: Database) async throws {
        try await database.with { ledger in
            // Every third attempt fails.
            try await ScriptedServer.with { number, _ in
                number % 3 == 1 ? .answer(500, "") : .answer(200, "ok")
            } _: {
                server, url in
                try await Self.record(3, in: ledger)
                let (webhook, secret) = try await Self.administration(ledger).create(
                    url: url, scope: .all, types: nil, from: .beginning, .new)
                try await running([try Self.deliveries(of: ledger, page: 4)]) {
                    try await Self.record(10, .sugarInTwo, in: ledger)
                    try await Self.record(10, in: ledger)
                    try await eventually("all are there") {
                        let cursors = try await ledger.cursors(of: webhook.subscriptionID)
                        return Set(cursors.map(\.position.rawValue)) == [13, 10, 3]
                    }
                    try await eventually("no failure is left") { try await ledger.deliveryStates().isEmpty }
                }
                let received = Self.received(server, secret)
                #expect(received.count == server.requests.count, "each is signed")
                for (store, count) in [(StoreID.one, 13), (.two, 10), (.catalog, 3)] {
                    let positions = Self.positions(received, of: store)
                    #expect(positions == positions.sorted() && Set(positions) == Set(1...Int64(count)), "\(store)")
                    let ids = Set(received.filter { $0.source == "/stores/\(store)" }.map(\.id))
                    #expect(ids.count == count, "an event has one id, however often it is sent")
                }
                #expect(Set(received.map(\.id)).count == 26, "also among stores")
            }
        }
    }

    @Test("has what happens from its creation on, of its stores and types", arguments: Database.allCases)
    func filters(database: Database) async throws {
        try await database.with { ledger in
            try await ScriptedServer.with { _, _ in
                .answer(204, "")
            } _: { server, url in
                try await Self.record(2, in: ledger)
                let administration = try Self.administration(ledger)
                let (_, one) = try await administration.create(
                    url: url, scope: .only([.two]), types: nil, from: .end, .new)
                let (_, two) = try await administration.create(
                    url: url, scope: .all, types: ["khata.product.created.v1"], from: .end, .new)
                try await Self.record(1, in: ledger)
                try await Self.record(1, .sugarInTwo, in: ledger)
                _ = try await ledger.change(.createProduct(.rice, ProductDetails(name: "Rice")), .new)
                try await running([try Self.deliveries(of: ledger)]) {
                    try await eventually("both are there") { server.requests.count >= 2 }
                }
                #expect(Self.received(server, one).map(\.source) == ["/stores/2"])
                #expect(Self.received(server, two).map(\.type) == ["khata.product.created.v1"])
                #expect(server.requests.count == 2)
            }
        }
    }

    @Test("goes on after a restart in the middle: no event is missing, and what comes twice has the same id")
    func restart() async throws {
        try await Database.sqlite.with { ledger in
            try await ScriptedServer.with { _, _ in
                .answer(200, "")
            } _: { server, url in
                let (_, secret) = try await Self.administration(ledger).create(
                    url: url, scope: .all, types: nil, from: .beginning, .new)
                try await Self.record(60, in: ledger)
                try await Self.record(60, .sugarInTwo, in: ledger)
                // As if the process was killed: without release, its hold lasts for twice the timeout.
                for share in 1...3 {
                    let task = Task {
                        try await Self.deliveries(of: ledger, timeout: .milliseconds(500), page: 7).run()
                    }
                    try await eventually("some arrive") { server.requests.count > share * 25 }
                    task.cancel()
                    try await task.value
                }
                try await running([try Self.deliveries(of: ledger)]) {
                    try await eventually("all arrive") {
                        Set(Self.received(server, secret).map(\.id)).count >= 123
                    }
                }
                let received = Self.received(server, secret)
                for (store, count) in [(StoreID.one, 60), (.two, 60), (.catalog, 3)] {
                    var first: [Int64] = []
                    for position in Self.positions(received, of: store) where !first.contains(position) {
                        first.append(position)
                    }
                    #expect(first == Array(1...Int64(count)), "\(store)")
                }
                #expect(Set(received.map(\.id)).count == 123)
            }
        }
    }

    @Test("of several processes one sends, and another takes over", arguments: Database.allCases)
    func takeover(database: Database) async throws {
        try await database.withTwo { one, two in
            try await ScriptedServer.with { _, _ in
                .answer(200, "")
            } _: { server, url in
                let (_, secret) = try await Self.administration(one).create(
                    url: url, scope: .only([.one]), types: nil, from: .end, .new)
                try await running([try Self.deliveries(of: one), try Self.deliveries(of: two)]) {
                    try await Self.record(50, in: one)
                    try await eventually("all arrive") { server.requests.count >= 50 }
                }
                #expect(Self.positions(Self.received(server, secret), of: .one) == Array(1...50), "each once")

                // One that dies without a word.
                let holder = "dead"
                let id = try #require(try await one.webhooks().first).subscriptionID
                #expect(try await one.holdSubscription(id, as: holder, for: .milliseconds(200)))
                try await Self.record(1, in: one)
                try await running([try Self.deliveries(of: two)]) {
                    try await eventually("the other one takes over") { server.requests.count > 50 }
                }
                #expect(Self.positions(Self.received(server, secret), of: .one) == Array(1...51))
            }
        }
    }

    @Test("a webhook that hangs, or a store that fails, holds up no other")
    func isolation() async throws {
        try await Database.sqlite.with { ledger in
            try await ScriptedServer.with { _, request in
                if request.target == "/hangs" { return .silence }
                return request.body.contains(#""source":"/stores/1""#) ? .answer(503, "") : .answer(200, "")
            } _: { server, url in
                let administration = try Self.administration(ledger)
                _ = try await administration.create(
                    url: url + "/hangs", scope: .all, types: nil, from: .beginning, .new)
                let (webhook, secret) = try await administration.create(
                    url: url + "/works", scope: .all, types: nil, from: .beginning, .new)
                try await Self.record(5, in: ledger)
                try await Self.record(20, .sugarInTwo, in: ledger)
                try await running([try Self.deliveries(of: ledger, delays: [.hours(1)])]) {
                    try await eventually("store 2's events arrive") {
                        Self.positions(Self.received(server, secret), of: .two).contains(20)
                    }
                    try await eventually("store 1's first attempt is recorded") {
                        try await !(ledger.deliveryStates()[webhook.id] ?? []).isEmpty
                    }
                }
                #expect(Self.positions(Self.received(server, secret), of: .one) == [1], "not before its time")
                let (_, states) = try await administration.show(webhook.id)
                let state = try #require(states.first { $0.storeID == .one })
                #expect(state.attempts == 1 && state.position == .zero && state.nextAttemptAt != nil)
                #expect(state.lastFailure == "the receiver responded with 503")
                #expect(try await ledger.deliveryStates().count == 1, "what was under way at the end did not fail")
            }
        }
    }

    @Test("after the schedule a store waits, health warns, and a replay goes on", arguments: Database.allCases)
    func parking(database: Database) async throws {
        try await database.with { ledger in
            let isUp = Atomic(false)
            try await ScriptedServer.with { _, _ in
                isUp.load(ordering: .relaxed) ? .answer(200, "") : .answer(429, headers: [("Retry-After", "0")], "")
            } _: { server, url in
                let administration = try Self.administration(ledger)
                let (webhook, secret) = try await administration.create(
                    url: url, scope: .only([.one]), types: nil, from: .end, .new)
                try await Self.record(3, in: ledger)
                let deliveries = try Self.deliveries(of: ledger, delays: [.zero, .zero])
                #expect(await deliveries.health()[0].status == .pass)
                try await running([deliveries]) {
                    try await eventually("health warns") { await deliveries.health()[0].status == .warn }
                    #expect(await deliveries.health()[0].output?.contains(webhook.id) == true)
                    #expect(await deliveries.health()[1].observed == 0, "nobody will send what waits for a replay")
                    #expect(server.requests.count == 3)
                    isUp.store(true, ordering: .relaxed)
                    try await Self.record(1, in: ledger)
                    await #expect(throws: WebhookAdministration.Refusal.self) {
                        _ = try await administration.replay(.one, after: Position(rawValue: 5), to: webhook.id, .new)
                    }
                    await #expect(throws: WebhookAdministration.Refusal.self) {
                        _ = try await administration.replay(.two, after: .zero, to: webhook.id, .new)
                    }
                    #expect(server.requests.count == 3)
                    _ = try await administration.replay(.one, after: Position(rawValue: 1), to: webhook.id, .new)
                    try await eventually("it goes on") { server.requests.count >= 6 }
                    try await eventually("health passes") { await deliveries.health()[0].status == .pass }
                    _ = try await administration.replay(.one, after: .zero, to: webhook.id, .new)
                    try await eventually("everything again") { server.requests.count >= 10 }
                    try await eventually("it is done") { try await ledger.deliveryStates().isEmpty }
                }
                #expect(Self.positions(Self.received(server, secret), of: .one) == [1, 1, 1, 2, 3, 4, 1, 2, 3, 4])
            }
        }
    }

    @Test("health has how many events wait, and for how long; each attempt is observed", arguments: Database.allCases)
    func backlog(database: Database) async throws {
        try await database.with { ledger in
            let isUp = Atomic(false)
            try await ScriptedServer.with { number, _ in
                isUp.load(ordering: .relaxed) ? .answer(200, "") : number == 0 ? .hangUp : .answer(500, "")
            } _: { server, url in
                let administration = try Self.administration(ledger)
                _ = try await administration.create(url: url, scope: .only([.one]), types: nil, from: .end, .new)
                _ = try await administration.create(url: url, scope: .only([.one, .two]), types: nil, from: .end, .new)
                let before = Timestamp.now
                try await Self.record(1, .sugarInTwo, in: ledger)
                try await Self.record(3, in: ledger)
                let outcomes = Mutex<[DeliveryOutcome: Int]>([:])
                let deliveries = try Self.deliveries(
                    of: ledger, delays: [.zero] + Array(repeating: .milliseconds(200), count: 1_000),
                    observing: { outcome in outcomes.withLock { $0[outcome, default: 0] += 1 } })
                try await running([deliveries]) {
                    try await eventually("both wait for all of their events") {
                        await deliveries.health()[1].observed == 7
                    }
                    let delay = try #require(await deliveries.health()[2].observed)
                    #expect(delay > 0 && delay <= Double(Timestamp.now.microseconds - before.microseconds) / 1e6)
                    try await eventually("both were tried") { server.requests.count >= 4 }
                    isUp.store(true, ordering: .relaxed)
                    try await eventually("nothing waits") {
                        await deliveries.health().map(\.observed) == [0, 0, 0]
                    }
                }
                let counts = outcomes.withLock(\.self)
                #expect(counts[.delivered] == 7 && counts[.unreachable] == 1, "\(counts)")
                #expect(counts.values.reduce(0, +) == server.requests.count)
            }
        }
    }

    @Test("410 disables a webhook, and enabling it goes on where it stood", arguments: Database.allCases)
    func gone(database: Database) async throws {
        try await database.with { ledger in
            try await ScriptedServer.with { number, _ in
                number == 1 ? .answer(410, "") : .answer(200, "")
            } _: {
                server, url in
                let administration = try Self.administration(ledger)
                let (webhook, secret) = try await administration.create(
                    url: url, scope: .only([.one]), types: nil, from: .end, .new)
                try await Self.record(3, in: ledger)
                try await running([try Self.deliveries(of: ledger, delays: [.seconds(1)])]) {
                    try await eventually("it is disabled") {
                        try await administration.show(webhook.id).0.disabledAt != nil
                    }
                    #expect(try await administration.show(webhook.id).0.disabledReason?.contains("410") == true)
                    _ = try await administration.enable(webhook.id, .new)
                    try await eventually("the rest arrives") { server.requests.count >= 4 }
                }
                #expect(Self.positions(Self.received(server, secret), of: .one) == [1, 2, 2, 3])
                let log = try await ledger.credentialLog(after: .zero, limit: 10).entries
                #expect(log.map(\.action) == [.webhookCreated, .webhookDisabled, .webhookEnabled])
                #expect(log.map(\.actor) == ["key:test", "khata", "key:test"])
            }
        }
    }

    @Test("a test event is signed as others, and tells what the receiver did")
    func tests() async throws {
        try await Database.sqlite.with { ledger in
            try await ScriptedServer.with { number, _ in
                number == 0 ? .answer(200, "") : .answer(418, "text")
            } _: {
                server, url in
                let administration = try Self.administration(ledger)
                let (webhook, secret) = try await administration.create(
                    url: url, scope: .all, types: nil, from: .end, .new)
                let test = try await administration.test(webhook.id)
                #expect(test.result == .success(200))
                let request = try #require(server.requests.first)
                #expect(request.body.contains(#""type":"khata.webhook.test.v1""#))
                let seconds = try #require(request.headers["webhook-timestamp"].first.flatMap { Int64($0) })
                #expect(
                    request.headers["webhook-signature"]
                        == [secret.signature(id: test.eventID, seconds: seconds, body: request.body)])
                guard case .failure(let failure) = try await administration.test(webhook.id).result else {
                    Issue.record("it was delivered")
                    return
                }
                #expect(failure.status == 418 && !failure.reason.contains("text"))
                await #expect(throws: LedgerError.self) { _ = try await administration.test("000000000000") }
            }
        }
    }

    @Test("a webhook that is deleted gets nothing more, and its secrets are gone", arguments: Database.allCases)
    func deletion(database: Database) async throws {
        try await database.with { ledger in
            try await ScriptedServer.with { _, _ in
                .answer(200, "")
            } _: { server, url in
                let administration = try Self.administration(ledger)
                let (webhook, secret) = try await administration.create(
                    url: url, scope: .all, types: nil, from: .end, .new)
                let (other, _) = try await administration.create(
                    url: url, scope: .all, types: nil, from: .end, .new)
                try await administration.delete(webhook.id, .new)
                try await Self.record(1, in: ledger)
                try await running([try Self.deliveries(of: ledger)]) {
                    try await eventually("the other one has it") { server.requests.count >= 1 }
                }
                #expect(Self.received(server, secret).isEmpty && server.requests.count == 1)
                #expect(try await administration.list().map(\.webhook.id) == [other.id])
                #expect(try await ledger.webhook(webhook.id)?.secrets == [])
                await #expect(throws: LedgerError.self) { _ = try await administration.show(webhook.id) }
                await #expect(throws: LedgerError.self) { _ = try await administration.enable(webhook.id, .new) }
                let finding = try await ledger.keptCredentials()
                #expect(finding.details["webhook:\(webhook.id)"]?.contains("deleted_at") == true)
            }
        }
    }
}
