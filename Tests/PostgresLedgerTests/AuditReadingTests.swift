import Inventory
import InventoryTesting
import LedgerTesting
import Postgres
import Testing

@testable import PostgresLedger

@Suite("The audit log")
struct AuditReadingTests {
    @Test("finds an actor's entries without visiting those of others", arguments: ["custom", "generic"])
    func byActor(plan: String) async throws {
        try await TestDatabase.withShop { database in
            try await database.execute(
                """
                insert into audit_log
                select store, n, now(), case n % 5000 when 0 then 'key:rare' else 'key:busy' end, 'sale', 'r', '{}',
                    sha256('a')
                from generate_series(1, 2) as store, generate_series(1, 20000) as n;
                update stores set position = 20000 where store_id > 0;
                analyze audit_log
                """)
            let key = EntryKey(storeID: .one, position: Position(rawValue: 15_000))
            let queries = [
                (AuditQuery(actor: "key:rare", limit: 5), 6), (AuditQuery(actor: "key:rare", after: key, limit: 5), 5),
                (AuditQuery(storeID: .two, actor: "key:rare", limit: 5), 4),
            ]
            try await TestDatabase.withPool(database.primaryURL) { pool in
                try await pool.run { session in
                    try session.script("set plan_cache_mode = force_\(plan)_plan")
                    for (query, found) in queries {
                        let before = try session.visitedEntries
                        #expect(try session.pipeline([PostgresLedger.statement(of: query)])[0].count == found)
                        let visited = try session.visitedEntries - before
                        // The first ones of each store, of which a page takes one more than it shows.
                        #expect(visited <= 12, "\(visited) entries were visited for \(query)")
                    }
                }
            }
        }
    }

    @Test("of all stores is read store by store, until a page is full", arguments: ["custom", "generic"])
    func ofAllStores(plan: String) async throws {
        try await TestDatabase.withShop { database in
            try await database.execute(
                """
                insert into stores (store_id, name, position, version)
                select n, 'Store ' || n, 20, 1 from generate_series(100, 1099) as n;
                insert into audit_log
                select store, n, now(), 'key:any', 'sale', 'r', '{}', sha256('a')
                from generate_series(100, 1099) as store, generate_series(1, 20) as n;
                analyze stores, audit_log
                """)
            let query = AuditQuery(after: EntryKey(storeID: StoreID(rawValue: 100), position: .zero), limit: 50)
            try await TestDatabase.withPool(database.primaryURL) { pool in
                try await pool.run { session in
                    try session.script("set plan_cache_mode = force_\(plan)_plan")
                    let before = try session.visitedEntries
                    #expect(try session.pipeline([PostgresLedger.statement(of: query)])[0].count == 51)
                    let visited = try session.visitedEntries - before
                    // Three stores have 60, and one more tells that the page is full.
                    #expect(visited <= 80, "\(visited) entries were visited")
                }
            }
        }
    }
}

extension Session {
    fileprivate var visitedEntries: Int64 {
        get throws {
            try execute(
                Statement(
                    "visited",
                    "select seq_tup_read + idx_tup_fetch from pg_stat_xact_all_tables where relname = 'audit_log'")
            ).one().int64(0)
        }
    }
}
