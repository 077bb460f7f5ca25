import Foundation
import Inventory
import InventoryTesting
import LedgerTesting
import Postgres
import ServerTesting
import Synchronization
import Testing

@testable import PostgresLedger

/// A position means something within one history. What a promotion or a restored dump does to a database, these do by hand:
/// to the sessions that come, its last history is that of another primary.
@Suite("Histories")
struct HistoryTests {
    @Test("a new database has one, which every session and every answer names")
    func first() async throws {
        try await TestDatabase.withShop { database in
            let history = try await database.withLedger { ledger in
                let recorded = try await ledger.record(.stockIn(1), .testing)
                let level = try await ledger.level(.sugarInOne, Freshness())
                #expect(level.history == recorded.history)
                #expect(try await ledger.cacheState().history == level.history)
                return level.history
            }
            let later = try await database.withLedger { try await $0.cacheState().history }
            #expect(later == history)
            #expect(try await database.integers("select count(*) from histories") == [1])
        }
    }

    @Test(
        "of many sessions that find themselves in another one, one begins it, with the cache off, and no sooner than in 500 ms"
    )
    func begins() async throws {
        try await TestDatabase.withShop { database in
            let old = try await database.withLedger { try await $0.cacheState().history }
            try await database.execute("update cache_state set generation = 7, namespace = 'khata:old'")
            try await database.loseHistory()
            let start = ContinuousClock.now
            let states = try await withThrowingTaskGroup(of: CacheState.self) { group in
                for _ in 0..<4 {
                    group.addTask { try await database.withLedger { try await $0.cacheState() } }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(ContinuousClock.now - start >= .milliseconds(500))
            #expect(Set(states).count == 1)
            #expect(states[0].history != old && states[0].namespaces == nil && states[0].generation == 7)
            #expect(try await database.integers("select count(*) from histories") == [2])
        }
    }

    @Test("what a process acknowledged in one is not asked of another, which may have lost it")
    func acknowledged() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger { ledger in
                for _ in 0..<5 { _ = try await ledger.record(.stockIn(1), .testing) }
                try await database.forget(after: 2)
                try await database.loseHistory()
                try await eventually("the replica is read") {
                    let level = try? await ledger.level(.sugarInOne, Freshness())
                    return level?.value.onHand == 2 && level?.position == Position(rawValue: 2)
                }
                #expect(try await ledger.record(.stockIn(1), .testing).value.position == Position(rawValue: 3))
            }
        }
    }

    @Test("what a process recorded, and a promotion lost, is observed with the next commit, once")
    func lost() async throws {
        try await TestDatabase.withShop { database in
            let changes = HistoryChanges()
            try await database.withLedger(observer: changes) { ledger in
                for _ in 0..<5 { _ = try await ledger.record(.stockIn(1), .testing) }
                try await database.forget(after: 2)
                for lost: [Int64] in [[3, 4, 5], []] {
                    try await database.loseHistory()
                    // Two, of which the first takes the place of one that is lost.
                    for _ in 0..<2 { _ = try await ledger.record(.stockIn(1), .testing) }
                    let change = try #require(changes.takeOnly())
                    #expect(change.former != change.history)
                    #expect(change.lost == lost.map { EntryKey(storeID: .one, position: Position(rawValue: $0)) })
                }
            }
        }
    }

    @Test("of what a process recorded, the oldest is forgotten, and a late commit of the former history starts nothing")
    func recent() throws {
        func entries(_ positions: Range<Int64>) -> [CommitProof] {
            positions.map {
                CommitProof(
                    storeID: .one, position: Position(rawValue: $0),
                    hash: AuditHash(bytes: Array(repeating: 0, count: 32)))
            }
        }
        var state = RecentEntriesState()
        let maximum = Int64(RecentEntriesState.maximum)
        let none = [
            state.add(entries(1..<3), in: History("a")), state.add(entries(3..<maximum + 2), in: History("a")),
        ]
        #expect(none.allSatisfy { $0 == nil })
        var former = state.add(entries(1..<2), in: History("b"))
        #expect(former?.history == History("a"))
        #expect(former?.entries.map(\.position.rawValue).sorted() == Array(2..<maximum + 2))
        let late = state.add(entries(2..<3), in: History("a"))
        #expect(late == nil)
        state.restore(try #require(former))
        former = state.add([], in: History("b"))
        #expect(former?.history == History("a") && former?.entries.count == RecentEntriesState.maximum)
        #expect(former?.entries.contains { $0.position.rawValue == 1 } == true)
    }

    @Test(
        "a position that a client holds is one of its history: of another one, it is refused, however high that one is")
    func clients() async throws {
        try await TestDatabase.withShop { database in
            let recorded = try await database.withLedger { try await $0.record(.stockIn(1), .testing) }
            let history = try #require(recorded.history)
            try await database.loseHistory()
            try await database.withLedger { ledger in
                let point = LedgerPoint(recorded.value.position, in: history)
                let error = await #expect(throws: LedgerError.self) {
                    try await ledger.level(.sugarInOne, Freshness(atLeast: point))
                }
                if case .historyChanged? = error {} else { Issue.record("\(String(describing: error))") }
                // Without its history it is a number.
                let level = try await ledger.level(
                    .sugarInOne, Freshness(atLeast: LedgerPoint(recorded.value.position)))
                #expect(level.history != history)
            }
        }
    }

    @Test("a replica that has not followed is passed over, whatever its positions are")
    func replica() async throws {
        try await TestDatabase.withShop { database in
            _ = try await database.withLedger { try await $0.record(.stockIn(1), .testing) }
            try await database.withLedger(replicas: [database.replicaURL]) { ledger in
                try await eventually("it is served") {
                    try await ledger.level(.sugarInOne, Freshness()).source == .replica
                }
            }
            try await TestDatabase.withReplayPaused {
                try await database.loseHistory()
                try await database.withLedger(replicas: [database.replicaURL]) { ledger in
                    let level = try await ledger.level(.sugarInOne, Freshness())
                    // What marks say of the new history, the replica cannot be asked about either.
                    let required = Requirement(anyOf: level.history)
                    let known = try await ledger.level(.sugarInOne, Freshness(required: required))
                    #expect(level.source == .primary && known.source == .primary)
                    #expect(known.history == level.history)
                }
            }
        }
    }

    @Test("a replica of another database is not believed: of another shop, or of a copy of this one")
    func otherDatabase() async throws {
        try await TestDatabase.withShop { database in
            _ = try await database.withLedger { try await $0.record(.stockIn(1), .testing) }
            try await TestDatabase.withShop { other in
                _ = try await other.withLedger { ledger in
                    for _ in 0..<9 { _ = try await ledger.record(.stockIn(1), .testing) }
                }
                try await database.expectPassedOver(other)
            }
            try await database.withCopy { copy in try await database.expectPassedOver(copy) }
        }
    }

    @Test("a verification that a failover interrupts does not take what that lost for a difference")
    func verification() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger { ledger in
                _ = try await ledger.recordAtOnce(1_500, of: .stockIn(1))
                let error = await #expect(throws: LedgerError.self) {
                    _ = try await LedgerVerification(ledger).verify(.one) { _ in
                        try await database.forget(after: 1_200)
                        try await database.loseHistory()
                        try await eventually("the other primary is read") {
                            (try? await ledger.keptStore(.one).end?.head?.position) == Position(rawValue: 1_200)
                        }
                    }
                }
                if case .historyChanged? = error {} else { Issue.record("\(String(describing: error))") }
                let finding = try await LedgerVerification(ledger).verify(.one)
                #expect(finding.head?.position == Position(rawValue: 1_200) && finding.differences.count == 0)
            }
        }
    }

    @Test("a copy of a database goes on with a history of its own")
    func copy() async throws {
        try await TestDatabase.withShop { database in
            let history = try await database.withLedger { try await $0.cacheState().history }
            try await database.withCopy { copy in
                let other = try await copy.withLedger { try await $0.cacheState().history }
                #expect(other != history)
            }
        }
    }
}

/// Keeps what was observed of histories.
private final class HistoryChanges: LedgerObserver {
    private let changes = Mutex<[(former: History, history: History, lost: [EntryKey])]>([])

    /// The only one since the last call.
    func takeOnly() -> (former: History, history: History, lost: [EntryKey])? {
        changes.withLock { changes in
            defer { changes = [] }
            return changes.count == 1 ? changes[0] : nil
        }
    }

    func observe(_ observation: LedgerObservation) {
        guard case .historyChanged(let former, let history, _, let lost) = observation else { return }
        changes.withLock { $0.append((former, history, lost)) }
    }
}

extension TestDatabase {
    /// From now on new sessions find that the last history is another primary's, and those that are there end.
    func loseHistory() async throws {
        try await execute(
            """
            update histories set origin = 'another/primary/00000001';
            select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
            """)
    }

    /// What a promotion loses: the movements of store 1 after a position. Levels are those of one product.
    fileprivate func forget(after position: Int64) async throws {
        try await execute(
            """
            begin;
            set local session_replication_role = replica;
            delete from movements where store_id = 1 and position > \(position);
            delete from audit_log where store_id = 1 and position > \(position);
            update stock_levels l set position = m.position, on_hand = m.on_hand_after, recorded_at = m.recorded_at
            from movements m where m.store_id = 1 and m.position = \(position) and l.store_id = 1;
            update stores s set position = a.position, audit_head = a.hash, recorded_at = a.recorded_at
            from audit_log a where a.store_id = 1 and a.position = \(position) and s.store_id = 1;
            commit
            """)
    }

    /// Whether the replica of another database is not taken for that of this one.
    fileprivate func expectPassedOver(_ other: TestDatabase) async throws {
        // Until it is there, nobody could take it for anything.
        try await eventually("it is there") {
            let count = try? await Self.withPool(other.replicaURL) { pool in
                try await pool.run { try $0.execute(Statement("count", "select count(*) from histories"))[0].int64(0) }
            }
            return count ?? 0 > 0
        }
        try await withLedger(replicas: [other.replicaURL]) { ledger in
            for _ in 0..<5 {
                let level = try await ledger.level(.sugarInOne, Freshness())
                #expect(level.source == .primary && level.value.onHand == 1)
                let required = Requirement(anyOf: level.history)
                #expect(try await ledger.level(.sugarInOne, Freshness(required: required)).source == .primary)
            }
            #expect(await ledger.health()[1].status == .warn)
        }
    }
}

extension Requirement {
    /// Whatever position it is at.
    init(anyOf history: History) {
        self.init(
            history: history, position: .zero, catalogPosition: .zero, highest: .zero,
            invalidated: .init(position: .zero, catalogPosition: .zero))
    }
}
