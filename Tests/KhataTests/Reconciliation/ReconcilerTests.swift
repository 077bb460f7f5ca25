import AuthenticationTesting
import Inventory
import InventoryTesting
import LedgerTesting
import ServerTesting
import ServiceLifecycle
import Testing

@testable import khata

@Suite("Reconciliation of ledgers")
struct ReconcilerTests {
    enum Place: CaseIterable { case file, database }

    /// What is done behind the ledger's back, and what is logged of it.
    private static let changes: [(sql: String, logged: [String])] = [
        (
            "update stock_levels set on_hand = 999 where store_id = 1 and product_id = 102",
            [#""store": 1"#, #""product": 102"#, #""position": 37"#, #""found": 999"#, #""expected": 22"#]
        ),
        (
            "delete from movements where store_id = 1 and position = 3",
            [#""store": 1"#, #""position": 3"#, "the movement is missing from the ledger"]
        ),
        (
            "delete from audit_log where store_id = 2 and position = 2",
            [#""store": 2"#, #""position": 2"#, "the entry is missing"]
        ),
        (
            "update audit_log set hash = (select hash from audit_log where store_id = 1 and position = 1) "
                + "where store_id = 3 and position = 5",
            [#""store": 3"#, #""position": 5"#, "the hash is not that of the entry and its predecessor"]
        ),
        (
            "update users set role = 'admin' where name = 'ana'",
            [#""subject": user:ana"#, #""found": "admin""#, #""expected": "clerk""#]
        ),
    ]

    @Test(
        "tells what was changed behind the ledger's back, in the log, the metrics and health",
        arguments: Place.allCases, changes.indices)
    func tells(place: Place, change: Int) async throws {
        let (sql, logged) = Self.changes[change]
        try await withShop(in: place) { ledger, execute in
            try await execute(sql)
            let log = CollectedLog()
            let reconciler = TestReconciler(ledger, log)
            try await running([reconciler.service]) {
                try await eventually("it is told") { reconciler.differences > 0 }
                let health = reconciler.service.health()[0]
                #expect(health.name == "reconciliation:differences" && health.status == .warn)
                #expect(health.observed == Double(reconciler.differences))
                let lines = log.text.split(separator: "\n").filter {
                    $0.contains("a ledger differs from what is derived")
                }
                #expect(lines.contains { line in logged.allSatisfy { line.contains($0) } }, "\(log.text)")
            }
        }
    }

    @Test("warns until a later comparison finds nothing", arguments: Place.allCases)
    func mended(place: Place) async throws {
        try await withShop(in: place) { ledger, execute in
            let reconciler = TestReconciler(ledger, CollectedLog())
            try await running([reconciler.service]) {
                try await eventually("all is compared") { reconciler.comparisons(.same) >= 6 }
                for (change, status) in [("+ 1", ComponentHealth.Status.warn), ("- 1", .pass)] {
                    #expect(reconciler.service.health()[0].status != status)
                    try await execute(
                        "update stock_levels set on_hand = on_hand \(change) where store_id = 1 and product_id = 102")
                    try await eventually("it is told") { reconciler.service.health()[0].status == status }
                }
                #expect(reconciler.differences == 0)
            }
        }
    }

    @Test("logs so many differences of a ledger, and counts all")
    func limit() async throws {
        try await withShop(in: .file) { ledger, execute in
            try await execute(
                """
                with recursive ids (id) as (select 1000 union all select id + 1 from ids where id < 1149)
                insert into stock_levels select 1, id, 1, 1, 1 from ids
                """)
            let log = CollectedLog()
            let reconciler = TestReconciler(ledger, log, interval: .seconds(3_600))
            try await running([reconciler.service]) {
                try await eventually("it is told") { reconciler.differences == 150 }
                #expect(log.text.split(separator: "\n").count { $0.hasPrefix("error ") } == 20)
            }
        }
    }

    @Test("begins with what has waited longest, so that an interruption keeps nothing from its turn")
    func order() async throws {
        try await withShop(in: .file) { ledger, _ in
            // Interrupted, after nothing else had been compared for long.
            try await ledger.startReconciliation(of: .ledger(.catalog), at: .now)
            let reconciler = TestReconciler(ledger, CollectedLog(), interval: .seconds(3_600))
            try await running([reconciler.service]) {
                try await eventually("all is compared") { reconciler.comparisons(.same) == 6 }
            }
            let started = try await ledger.reconciliations().sorted { $0.startedAt < $1.startedAt }
            #expect(started.last?.part == .ledger(.catalog))
            #expect(started.allSatisfy { $0.finishedAt != nil })
        }
    }

    @Test("is done by one of two processes, and by the other one when that ends")
    func two() async throws {
        try await TestFile.withFullShop { file in
            try await TestDatabase.with { database in
                #expect(try await file.promote(to: database).status == 0)
                try await database.withLedger { ledger in
                    let (one, two) = (
                        TestReconciler(ledger, CollectedLog()), TestReconciler(ledger, CollectedLog())
                    )
                    let first = ServiceGroup(services: [one.service], logger: TestDatabase.quiet)
                    try await running(first) {
                        try await eventually("one compares") { one.comparisons(.same) > 0 }
                        try await running([two.service]) {
                            try await eventually("the other one has looked") { !two.service.health().isEmpty }
                            let before = one.comparisons(.same)
                            try await eventually("one goes on") { one.comparisons(.same) > before + 20 }
                            #expect(two.comparisons(.same) == 0)
                            await first.triggerGracefulShutdown()
                            try await eventually("the other one compares") { two.comparisons(.same) > 0 }
                        }
                    }
                }
            }
        }
    }

    @Test("warns when something has waited for two intervals")
    func late() async throws {
        try await withShop(in: .file) { ledger, _ in
            let long = Timestamp(microseconds: Timestamp.now.microseconds - 7_300_000_000)
            try await ledger.startReconciliation(of: .ledger(.one), at: long)
            let other = SubscriptionID("reconciliation")
            try await ledger.createSubscription(other, from: .beginning)
            #expect(try await ledger.holdSubscription(other, as: "other", for: .seconds(600)))
            let reconciler = TestReconciler(ledger, CollectedLog(), interval: .seconds(3_600))
            try await running([reconciler.service]) {
                try await eventually("it has looked") { !reconciler.service.health().isEmpty }
                let age = reconciler.service.health()[1]
                #expect(age.name == "reconciliation:age" && age.status == .warn && age.observed ?? 0 >= 7_300)
            }
        }
    }

    /// Lends a shop with all that one may have, and a way to change it behind the ledger's back.
    private func withShop(
        in place: Place, _ body: @Sendable (any Ledger, @Sendable (String) async throws -> Void) async throws -> Void
    ) async throws {
        try await TestFile.withFullShop { file in
            guard place == .database else {
                for table in ["movements", "audit_log"] {
                    let triggers = "select name from sqlite_master where type = 'trigger' and tbl_name = '\(table)'"
                    for trigger in try file.texts(triggers) { try file.execute("drop trigger \(trigger)") }
                }
                try file.execute("drop trigger users_are_updated_with_entry")
                return try await file.withLedger { ledger in
                    try await body(ledger) { sql in
                        // The ledger may be writing.
                        try await eventually("it is written") { (try? file.execute(sql)) != nil }
                    }
                }
            }
            try await TestDatabase.with { database in
                #expect(try await file.promote(to: database).status == 0)
                try await database.withLedger { ledger in
                    try await body(ledger) { sql in
                        try await database.execute(
                            "begin; set local session_replication_role = replica; \(sql); commit")
                    }
                }
            }
        }
    }
}
