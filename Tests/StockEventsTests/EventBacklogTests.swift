import Inventory
import InventoryTesting
import JSON
import Testing

@testable import StockEvents

@Suite("What is to be published next")
struct EventBacklogTests {
    private let now = ContinuousClock.now

    @Test("each ledger's events come in order, in pages, until none is left")
    func pages() throws {
        var ledgers = Ledgers([.one: 2_500, .two: 3])
        var backlog = EventBacklog([])
        try backlog.update(all: ledgers.heads)
        while let page = try ledgers.nextPage(of: &backlog, at: now) {
            _ = backlog.settle(page, ledgers.publish(page), at: now)
        }
        #expect(ledgers.published == [.one: Array(1...2_500), .two: [1, 2, 3]])
        // What a commit adds.
        ledgers.append(1, to: .one)
        backlog.update([.one: Position(rawValue: 2_501), .two: Position(rawValue: 3)])
        #expect(backlog.nextKeys(at: now) == [EntryKey(storeID: .one, position: Position(rawValue: 2_500))])
    }

    @Test("hundreds of ledgers take turns")
    func turns() throws {
        let stores = (1...600).map { StoreID(rawValue: $0) }
        let ledgers = Ledgers(Dictionary(uniqueKeysWithValues: stores.map { ($0, 50) }))
        var backlog = EventBacklog([])
        try backlog.update(all: ledgers.heads)
        let asked = (0..<3).flatMap { _ in backlog.nextKeys(at: now).map(\.storeID) }
        #expect(Set(asked) == Set(stores))
    }

    @Test("the cursor is that of the last event before the first that failed, and what follows is published again")
    func failures() throws {
        var ledgers = Ledgers([.one: 100, .two: 100])
        var backlog = EventBacklog([])
        try backlog.update(all: ledgers.heads)
        let page = try #require(try ledgers.nextPage(of: &backlog, at: now))
        let cursors = backlog.settle(
            page, ledgers.publish(page) { $0.storeID == .one && $0.position.rawValue == 8 }, at: now)
        #expect(cursors == [ledgers.cursor(.one, 7), ledgers.cursor(.two, 100)])
        // It waits, and then tries as many as were taken, and more and more.
        #expect(backlog.nextKeys(at: now).isEmpty)
        var counts: [Int] = []
        while let page = try ledgers.nextPage(of: &backlog, at: now + .seconds(1)) {
            counts.append(page.events.count)
            _ = backlog.settle(page, ledgers.publish(page), at: now + .seconds(1))
        }
        #expect(counts == [7, 14, 28, 44])
    }

    @Test("a ledger whose first event fails again and again tries only that, and more and more rarely")
    func stuck() throws {
        var ledgers = Ledgers([.one: 100])
        var backlog = EventBacklog([])
        try backlog.update(all: ledgers.heads)
        var (moment, counts): (ContinuousClock.Instant, [Int]) = (now, [])
        for _ in 0..<600 {
            if let page = try ledgers.nextPage(of: &backlog, at: moment) {
                counts.append(page.events.count)
                #expect(backlog.settle(page, ledgers.publish(page) { _ in true }, at: moment).isEmpty)
            }
            moment += .seconds(1)
            try backlog.update(all: ledgers.heads)
        }
        #expect(counts.first == 100 && counts.dropFirst().allSatisfy { $0 == 1 })
        #expect(counts.count < 150)
    }

    @Test("a ledger whose log is damaged holds up no other")
    func damaged() throws {
        var ledgers = Ledgers([.one: 10, .two: 10])
        ledgers.damage(.one, 4)
        var backlog = EventBacklog([])
        try backlog.update(all: ledgers.heads)
        let page = try #require(try ledgers.nextPage(of: &backlog, at: now))
        #expect(page.failures.count == 1)
        #expect(backlog.settle(page, ledgers.publish(page), at: now) == [ledgers.cursor(.two, 10)])
        #expect(backlog.nextKeys(at: now).isEmpty)
    }

    @Test("a ledger that lost what was published is noticed, by its head or by its entries")
    func lost() throws {
        let (before, after) = (Ledgers([.one: 10]), Ledgers([.one: 12], actor: "key:other"))
        for position in [10, 12] {
            var backlog = EventBacklog([before.cursor(.one, 10)])
            let heads = after.heads(at: position)
            #expect {
                try backlog.update(all: heads)
                _ = try after.nextPage(of: &backlog, at: now)
            } throws: { error in
                if case LedgerError.historyChanged = error { true } else { false }
            }
        }
        var backlog = EventBacklog([before.cursor(.one, 10)])
        #expect(throws: LedgerError.self) { try backlog.update(all: after.heads(at: 9)) }
    }
}

/// Ledgers in memory, and what was published of them.
private struct Ledgers {
    private var entries: [StoreID: [AuditEntry]] = [:]
    private let actor: String
    private(set) var published: [StoreID: [Int]] = [:]

    init(_ counts: [StoreID: Int], actor: String = "key:test") {
        self.actor = actor
        for (store, count) in counts { append(count, to: store) }
    }

    mutating func append(_ count: Int, to store: StoreID) {
        for _ in 0..<count {
            let last = entries[store]?.last
            var entry = AuditEntry(
                storeID: store, position: (last?.position ?? .zero).next, recordedAt: Timestamp(microseconds: 1),
                actor: actor, actionName: "sale", requestID: "r", detail: "{}", hash: .origin)
            entry = entry.with(hash: entry.hash(following: last?.hash ?? .origin))
            entries[store, default: []].append(entry)
        }
    }

    mutating func damage(_ store: StoreID, _ position: Int) {
        let damaged = entries[store]![position - 1].with(hash: .origin)
        entries[store]?[position - 1] = damaged
    }

    var heads: [LedgerHead] { entries.values.compactMap(\.last).map(head) }

    func heads(at position: Int) -> [LedgerHead] { entries.values.map { head($0[position - 1]) } }

    private func head(_ entry: AuditEntry) -> LedgerHead {
        LedgerHead(
            storeID: entry.storeID, position: entry.position, hash: entry.hash, recordedAt: entry.recordedAt)
    }

    func cursor(_ store: StoreID, _ position: Int) -> SubscriptionCursor {
        ChangeEvent(entries[store]![position - 1], following: .origin).cursor
    }

    /// - Returns: Nil if there is nothing to publish.
    func nextPage(
        of backlog: inout EventBacklog, at now: ContinuousClock.Instant
    ) throws -> EventBacklog.Page? {
        let keys = backlog.nextKeys(at: now)
        guard !keys.isEmpty else { return nil }
        let limit = EventBacklog.share(of: keys) + 1
        let found = keys.flatMap { key in entries[key.storeID]!.drop { $0.position < key.position }.prefix(limit) }
        return try backlog.page(keys, found, at: now)
    }

    mutating func publish(
        _ page: EventBacklog.Page, failing fails: (ChangeEvent) -> Bool = { _ in false }
    ) -> [Result<Void, any Error>] {
        page.events.map { event in
            guard !fails(event) else { return .failure(CancellationError()) }
            published[event.storeID, default: []].append(Int(event.position.rawValue))
            return .success(())
        }
    }
}

extension AuditEntry {
    fileprivate func with(hash: AuditHash) -> AuditEntry {
        AuditEntry(
            storeID: storeID, position: position, recordedAt: recordedAt, actor: actor, actionName: actionName,
            requestID: requestID, detail: detail, hash: hash)
    }
}
