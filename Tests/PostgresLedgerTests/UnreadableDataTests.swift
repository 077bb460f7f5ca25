import Access
import Inventory
import InventoryTesting
import LedgerTesting
import PostgresLedger
import RateLimiting
import Synchronization
import Testing

/// A newer program may run beside this one while an upgrade is rolled out.
@Suite("What a newer program wrote")
struct UnreadableDataTests {
    @Test("an answer of another version is an error for who asks for it, and for nobody else")
    func outcome() async throws {
        try await TestDatabase.withShop { database in
            try await database.execute(
                """
                insert into idempotency values ('key:test', 'k', '\\x07', '{"version":2,"movement":{}}', 'infinity')
                """)
            let observer = UnreadableObserver()
            try await database.withLedger(observer: observer) { ledger in
                // While they wait, so that they share transactions.
                let (asking, others) = try await database.whileStoreIsLocked {
                    let asking = Task { try await ledger.record(.stockIn(1), .asking) }
                    return (asking, (0..<20).map { _ in Task { try await ledger.record(.stockIn(1), .testing) } })
                }
                await expectInternal { _ = try await asking.value }
                for other in others { _ = try await other.value }
                await expectInternal { _ = try await ledger.replay(of: .remembered) }
                await expectInternal { _ = try await ledger.change(.createStore(nil, name: "Mall"), .asking) }
                #expect(try await ledger.onHand(.sugarInOne) == 20)
            }
            #expect(observer.errors.count == 3)
            #expect(observer.errors.allSatisfy { $0.contains(#"{"version":2,"movement":{}}"#) })
        }
    }

    @Test("what a column of the ledger says and is not known is an error for who reads it, and the shop goes on")
    func rows() async throws {
        try await TestDatabase.withShop { database in
            try await database.execute("alter type movement_type add value 'gift'")
            try await database.execute(
                """
                insert into movements values (1, 1, 102, 'gift', 1, 1, null, null, null, null, now());
                insert into audit_log values (1, 1, now(), 'a', 'stock-counted', 'r', '{}', sha256('a'));
                update stores set position = 1 where store_id = 1;
                alter table api_keys disable trigger changed_with_entry;
                alter table users disable trigger changed_with_entry;
                alter table api_keys drop constraint api_keys_role_check;
                insert into api_keys (id, name, role, secret_hash) values ('0123456789ab', 'till', 'guest', sha256('a'));
                alter table users drop constraint users_name_check;
                insert into users (name, password_hash, role) values ('An A', 'x', 'clerk');
                """)
            let observer = UnreadableObserver()
            try await database.withLedger(observer: observer) { ledger in
                await expectInternal { _ = try await ledger.entries(EntryQuery(storeID: .one), Freshness()) }
                let listed = try await ledger.audit(AuditQuery(storeID: .one), Freshness()).value.items
                #expect(listed.map(\.actionName) == ["stock-counted"] && listed.map(\.action) == [nil])
                await expectInternal { _ = try await ledger.apiKey("0123456789ab") }
                await expectInternal { _ = try await ledger.users(after: nil, limit: 1) }
                let next = try await ledger.record(.stockIn(1), .testing)
                #expect(next.value.position.rawValue == 2)
            }
            let words = ["gift", "guest", "An A"]
            #expect(observer.errors.count == words.count)
            for (error, word) in zip(observer.errors, words) { #expect(error.contains(word), "\(error)") }
        }
    }

    @Test("nobody goes on without knowing which cache counts")
    func cacheState() async throws {
        try await TestDatabase.withShop { database in
            let observer = UnreadableObserver()
            try await database.withLedger(observer: observer) { ledger in
                _ = try await ledger.record(.stockIn(1), .testing)
                try await database.execute("create table kept as table cache_state; truncate cache_state")
                await expectInternal { _ = try await ledger.record(.stockIn(1), .testing) }
                await expectInternal { _ = try await ledger.level(.sugarInOne, Freshness()) }
                try await database.execute("insert into cache_state table kept")
                #expect(try await ledger.record(.stockIn(1), .testing).value.position.rawValue == 2)
            }
            #expect(observer.errors.allSatisfy { $0.contains("generation") })
        }
    }

    @Test("a column of another type, or without its value, is an error that names it")
    func columns() async throws {
        try await TestDatabase.withShop { database in
            try await database.execute(
                """
                alter table products alter column name drop not null;
                update products set name = null;
                alter table stock_levels alter column on_hand type numeric
                """)
            let observer = UnreadableObserver()
            try await database.withLedger(observer: observer) { ledger in
                await expectInternal { _ = try await ledger.product(.sugar, Freshness()) }
                await expectInternal { _ = try await ledger.record(.stockIn(1), .testing) }
            }
            #expect(observer.errors.count == 2)
            #expect(observer.errors.first?.contains(#"read.product: column 2 "name" is NULL"#) == true)
            #expect(observer.errors.last?.contains("movements.levels: column 2") == true)
        }
    }

    @Test("a rate that is higher than any is the highest")
    func rates() async throws {
        try await TestDatabase.withShop { database in
            try await database.execute(
                """
                alter table api_keys disable trigger changed_with_entry;
                insert into api_keys (id, name, role, secret_hash, reads_per_second, writes_per_second)
                values ('0123456789ab', 'till', 'clerk', sha256('a'), 9000000000000000000, 20000000)
                """)
            try await database.withLedger { ledger in
                let grant = try #require(try await ledger.apiKey("0123456789ab")).grant
                let principal = Principal(id: "key:0123456789ab", role: grant.role, rates: grant.rates)
                let limiter = RateLimiter(policies: RatePolicies(), source: nil)
                #expect(limiter.admit(principal, .read).isAdmitted && limiter.admit(principal, .write).isAdmitted)
            }
        }
    }

    private func expectInternal(_ body: () async throws -> Void) async {
        await #expect {
            try await body()
        } throws: { error in
            if case .internalFailure? = error as? LedgerError { true } else { false }
        }
    }
}

private final class UnreadableObserver: LedgerObserver {
    private let state = Mutex<[String]>([])

    /// Of commands and reads that failed.
    var errors: [String] { state.withLock { $0 } }

    func observe(_ observation: LedgerObservation) {
        switch observation {
        case .commit(.rejected(let error), _), .readFailed(let error): state.withLock { $0.append("\(error)") }
        default: break
        }
    }
}

extension IdempotencyKey {
    fileprivate static let remembered = IdempotencyKey(principal: "key:test", key: "k", fingerprint: [7])
}

extension CommandContext {
    fileprivate static let asking = CommandContext(
        actor: "key:test", requestID: "test", idempotency: .remembered)
}
