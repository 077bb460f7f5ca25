import Foundation
import Inventory
import InventoryTesting
import LedgerTesting
import Logging
import Postgres
import ServerTesting
import Synchronization
import Testing

@testable import PostgresLedger

/// Whom a commit is owed to, and when it is acknowledged; what the relay does with it.
@Suite("The outbox")
struct OutboxTests {
    @Test("while the cache is off, nobody is owed anything")
    func off() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger(invalidating: Cache(tells: false)) { ledger in
                _ = try await ledger.record(.stockIn(1), .testing)
                #expect(try await database.integers("select count(*) from outbox") == [0])
            }
        }
    }

    @Test(
        "a commit is owed to the cache that counts in its transaction, and that one is told before anyone is answered")
    func on() async throws {
        try await TestDatabase.withShop { database in
            let cache = Cache(tells: true)
            try await database.withLedger(invalidating: cache) { ledger in
                try await database.switchCache(to: "khata:a", ledger)
                let recorded = try await ledger.record(.stockIn(1), .testing).value
                #expect(cache.told == ["khata:a \(recorded.position)"])
                let rows = try await database.integers("select position from outbox where namespace = 'khata:a'")
                #expect(rows == [recorded.position.rawValue])
                try await database.switchCache(to: "khata:b", ledger)
                let next = try await ledger.record(.stockIn(1), .testing).value
                #expect(cache.told.last == "khata:b \(next.position)")
            }
        }
    }

    @Test("who cannot tell the cache answers when the relay has, or when nobody trusts it any more")
    func untold() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger(invalidating: Cache(tells: false)) { ledger in
                try await database.switchCache(to: "khata:a", ledger)
                let start = ContinuousClock.now
                _ = try await ledger.record(.stockIn(1), .testing)
                #expect(ContinuousClock.now - start >= .milliseconds(500))

                // A busy machine may need some tries.
                try await eventually("a commit that does not wait") {
                    try await database.execute("delete from outbox")
                    // Somebody else's relay.
                    async let relayed: Void = {
                        while try await database.integers("select count(*) from outbox") == [0] {}
                        try await database.execute("delete from outbox")
                    }()
                    let start = ContinuousClock.now
                    _ = try await ledger.record(.stockIn(1), .testing)
                    let waited = ContinuousClock.now - start
                    try await relayed
                    return waited < .milliseconds(500)
                }
            }
        }
    }

    /// Deadlines that come while the gate looks for those that are over.
    @Test("of many who wait for a relay that does not come, all are answered")
    func manyUntold() async throws {
        let primary = try ConnectionConfiguration("host=127.0.0.1 port=1", applicationName: "khata-tests")
        let watch = PrimaryWatch(primary, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let gate = InvalidationGate(NoCacheConnection(), Outbox(), watch) {}
        let state = CacheState(
            history: History("h"), generation: 1, namespaces: CacheNamespaces("khata:a"), secret: nil)
        let (count, answers) = (20_000, Answers())
        for number in 1...count {
            let commit = EntryKey(storeID: .one, position: Position(rawValue: Int64(number)))
            let change = Invalidation(storeID: .one, position: commit.position, products: [:])
            Task {
                await gate.invalidate([change], commit, in: state)
                answers.count.add(1, ordering: .relaxed)
            }
        }
        try await eventually("all are answered") { answers.count.load(ordering: .relaxed) == count }
        await watch.close()
    }

    @Test("an answer that is repeated waits for what may still be untold, and for nothing else")
    func repeated() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger(invalidating: Cache(tells: false)) { ledger in
                try await database.switchCache(to: "khata:a", ledger)
                let key = IdempotencyKey(principal: "key:a", key: "k", fingerprint: [1])
                @Sendable func record() async throws -> Duration {
                    let start = ContinuousClock.now
                    _ = try await ledger.record(
                        .stockIn(1), CommandContext(actor: "key:a", requestID: "r", idempotency: key))
                    return ContinuousClock.now - start
                }
                _ = try await record()
                let waited = try await record()
                #expect(waited >= .milliseconds(500))
                try await database.execute("delete from outbox")
                // A busy machine may need some tries.
                try await eventually("a commit that does not wait") { try await record() < .milliseconds(500) }
            }
        }
    }

    @Test("a cache that all have left is switched off by who cannot tell it, when it is sure that nobody trusts it")
    func abandoned() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger { ledger in
                try await database.switchCache(to: "khata:a", ledger)
                _ = try await ledger.record(.stockIn(1), .testing)
                #expect(try await ledger.cacheState().namespaces?.text == nil)
                _ = try await ledger.record(.stockIn(1), .testing)
                #expect(try await database.integers("select count(*) from outbox") == [0])
            }
        }
    }

    @Test("… and not while there is a relay")
    func notAbandoned() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger { other in
                #expect(try await other.relay.round(limit: 10) != nil)
                try await database.withLedger { ledger in
                    try await database.switchCache(to: "khata:a", ledger)
                    async let recorded = ledger.record(.stockIn(1), .testing)
                    // It goes on with its rounds, but cannot tell the cache either.
                    while try await database.integers("select count(*) from stock_levels") == [0] {
                        #expect(try await other.relay.round(limit: 10) != nil)
                    }
                    _ = try await recorded
                    #expect(try await ledger.cacheState().namespaces?.text == "khata:a")
                }
            }
        }
    }

    @Test("a read that shows a commit tells the cache of it first, if it may not know it")
    func reads() async throws {
        try await TestDatabase.withShop { database in
            let cache = Cache(tells: true)
            try await database.withLedger(invalidating: cache) { reader in
                try await database.withLedger(invalidating: Cache(tells: false)) { writer in
                    try await database.switchCache(to: "khata:a", writer)
                    let recorded = try await writer.record(.stockIn(1), .testing).value
                    let level = try await reader.level(.sugarInOne, Freshness())
                    #expect(level.position == recorded.position)
                    #expect(cache.told == ["khata:a \(recorded.position)"])
                    // Another store has nothing to do with it.
                    _ = try await reader.stock(StockQuery(storeID: .two), Freshness())
                    #expect(cache.told.count == 1)
                    // Nor what the cache knows, nor what is about another product; that something later is known says
                    // nothing.
                    func read(told position: Position, of product: ProductID?) async throws -> Int {
                        let required = Requirement(
                            history: level.history, position: .zero, catalogPosition: level.catalogPosition,
                            highest: Position(rawValue: 99),
                            invalidated: .init(position: position, catalogPosition: .zero, productID: product))
                        _ = try await reader.level(.sugarInOne, Freshness(required: required))
                        return cache.told.count
                    }
                    #expect(try await read(told: recorded.position, of: .sugar) == 1)
                    #expect(try await read(told: .zero, of: ProductID(rawValue: 9)) == 1)
                    #expect(try await read(told: .zero, of: .sugar) == 2)
                    #expect(try await read(told: .zero, of: nil) == 3)
                }
            }
        }
    }

    @Test("the relay takes what is old, and what is from the future: then a clock was set back")
    func due() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger { ledger in
                _ = try await ledger.cacheState()
                try await database.execute(
                    """
                    insert into outbox (store_id, position, changes, namespace, committed_at) values
                        (1, 1, '[[1,1,[]]]', 'khata:a', clock_timestamp() - interval '1 hour'),
                        (1, 2, '[[1,2,[]]]', 'khata:a', clock_timestamp() + interval '1 hour')
                    """)
                let round = try #require(try await ledger.relay.round(limit: 10))
                #expect(round.entries.map(\.entry.position.rawValue) == [1, 2])
                #expect(round.entries[1].invalidations.map(\.position.rawValue) == [2])
            }
        }
    }

    @Test("a row is deleted by who it is owed to, too: another history may have given its position to another commit")
    func namesakes() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger { ledger in
                try await database.execute(
                    "insert into outbox (store_id, position, changes, namespace) values (1, 5, '[]', 'khata:new')")
                let commit = EntryKey(storeID: .one, position: Position(rawValue: 5))
                let old = Outbox.Key(commit: commit, namespaces: "khata:old")
                try await ledger.primary.run { _ = try $0.pipeline(Outbox.delete([old])) }
                #expect(try await database.integers("select count(*) from outbox") == [1])
                let new = Outbox.Key(commit: commit, namespaces: "khata:new")
                try await ledger.primary.run { _ = try $0.pipeline(Outbox.delete([new])) }
                #expect(try await database.integers("select count(*) from outbox") == [0])
            }
        }
    }

    @Test("two who delete the same rows in different orders do not wait for each other")
    func deletions() async throws {
        try await TestDatabase.withShop { database in
            try await database.execute(
                """
                insert into outbox (store_id, position, changes, namespace)
                select 1, p, '[]', 'khata:a' from generate_series(1, 4) p
                """)
            let keys = (1...4).map {
                Outbox.Key(
                    commit: EntryKey(storeID: .one, position: Position(rawValue: Int64($0))), namespaces: "khata:a")
            }
            try await database.withPool { pool in
                try await pool.run { one in
                    _ = try one.pipeline([Query(.begin)] + Outbox.delete(Array(keys[..<2])))
                    // While those are not committed, and the session holds their locks.
                    let left = try Self.blocking {
                        try await pool.run { other in
                            _ = try other.pipeline(Outbox.delete(keys.reversed()))
                            return try Outbox.left(of: Set(keys), other)
                        }
                    }
                    #expect(left == Set(keys[..<2]))
                    _ = try one.execute(.commit)
                }
            }
            #expect(try await database.integers("select count(*) from outbox") == [0])
        }
    }

    @Test("rows of programs of version 3 are for the relay to delete, which has to tell the cache that counts of them")
    func version3() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger { ledger in
                try await database.switchCache(to: "khata:a", ledger)
                try await database.withRelay {
                    // As such a program does it.
                    try await database.execute(
                        "insert into outbox (store_id, position, changes) values (1, 1, '[[1,1,[]]]')")
                    try await database.execute("delete from outbox")
                    #expect(try await database.integers("select count(*) from outbox") == [1])
                }
                try await eventually("an invalidation is due") {
                    try await ledger.relay.round(limit: 10)?.entries.count == 1
                }
                let entry = try #require(try await ledger.relay.round(limit: 10)?.entries.first)
                #expect(entry.namespaces == nil)
                try await ledger.relay.delete([entry])
                #expect(try await database.integers("select count(*) from outbox") == [0])
            }
        }
    }

    @Test("where no relay is left, programs of version 3 delete their rows, and no cache counts that lacks them")
    func withoutRelay() async throws {
        try await TestDatabase.withShop { database in
            @Sendable func isDeletedByVersion3() async throws -> Bool {
                try await database.execute(
                    "insert into outbox (store_id, position, changes) values (1, 1, '[]') on conflict do nothing")
                try await database.execute("delete from outbox")
                return try await database.integers("select count(*) from outbox") == [0]
            }
            try await database.withLedger { ledger in
                _ = try await ledger.cacheState()
                #expect(try await isDeletedByVersion3())
                try await database.switchCache(to: "khata:a", ledger)
                try await database.withRelay {
                    let isDeleted = try await isDeletedByVersion3()
                    #expect(!isDeleted)
                }
            }
            #expect(try await isDeletedByVersion3())
            try await database.withLedger { ledger in
                #expect(try await ledger.cacheState().namespaces?.text == "version 3")
                let round = try #require(try await ledger.relay.round(limit: 10))
                #expect(round.entries.isEmpty && round.followsOthers)
            }
        }
    }

    @Test("while a program of version 3 is the relay, no other is")
    func relayOfVersion3() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger { ledger in
                try await database.withPool { pool in
                    // Its lock.
                    try await pool.run { try $0.script("select pg_advisory_lock(491327873401)") }
                    #expect(try await ledger.relay.round(limit: 10) == nil)
                }
                try await eventually { try await ledger.relay.round(limit: 10) != nil }
                // And the other way round.
                try await database.withPool { pool in
                    let isElected = try await pool.run { session in
                        try session.execute(Statement("elect", "select pg_try_advisory_lock(491327873401)"))[0].bool(0)
                    }
                    #expect(!isElected)
                }
            }
        }
    }

    @Test("a relay that has lost its session switches nothing")
    func lostSession() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger { ledger in
                try await database.switchCache(to: "khata:a", ledger)
                let round = try #require(try await ledger.relay.round(limit: 10))
                try await database.execute(
                    """
                    select pg_terminate_backend(l.pid) from pg_locks l join pg_database d on d.oid = l.database
                    where l.locktype = 'advisory' and l.mode = 'ExclusiveLock' and d.datname = current_database()
                    """)
                try? await ledger.relay.switchCache(from: round.state, to: nil)
                try? await ledger.relay.switchCache(from: round.state, to: nil)
                #expect(try await ledger.cacheState().namespaces?.text == "khata:a")
                // Elected again, it does.
                let again = try #require(try await ledger.relay.round(limit: 10))
                try await ledger.relay.switchCache(from: again.state, to: nil)
                #expect(try await ledger.cacheState().namespaces?.text == nil)
            }
        }
    }

    /// Runs something on other threads than this, which waits for it.
    private static func blocking<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) throws -> T {
        let (done, result) = (DispatchSemaphore(value: 0), Outcome<T>())
        Task {
            do { result.set(.success(try await body())) } catch { result.set(.failure(error)) }
            done.signal()
        }
        done.wait()
        return try result.get()
    }
}

private final class Outcome<T: Sendable>: Sendable {
    private let result = Mutex<Result<T, any Error>?>(nil)

    func set(_ outcome: Result<T, any Error>) { result.withLock { $0 = outcome } }
    func get() throws -> T { try #require(try result.withLock { try $0?.get() }) }
}

/// A cache that can be told of commits, or cannot be reached.
private final class Cache: CacheInvalidating {
    private let tells: Bool
    private let log = Mutex<[String]>([])

    init(tells: Bool) {
        self.tells = tells
    }

    /// The namespaces, with the positions of store 1.
    var told: [String] { log.withLock { $0 } }

    func invalidate(_ invalidations: [Invalidation], in state: CacheState) async -> Bool {
        if tells {
            let positions = invalidations.filter { $0.storeID == .one }.map(\.position.description)
            log.withLock { $0.append(([state.namespaces?.text ?? "off"] + positions).joined(separator: " ")) }
        }
        return tells
    }
}

extension TestDatabase {
    /// As a relay does it, which the test has none of.
    /// While some process is the relay, by its lock.
    func withRelay(_ body: () async throws -> Void) async throws {
        try await withPool { pool in
            try await pool.run { try $0.script("select pg_advisory_lock(125779935590706)") }
            try await body()
        }
    }

    func switchCache(to namespace: String, _ ledger: PostgresLedger) async throws {
        // So that there is a history.
        _ = try await ledger.cacheState()
        try await execute(
            "update cache_state set generation = generation + 1, namespace = '\(namespace)'")
    }
}

private final class Answers: Sendable {
    let count = Atomic(0)
}
