import Inventory
import InventoryTesting
import LedgerTesting
import Postgres
import PostgresLedger
import ServerTesting
import Testing

/// What the database and the network may do to a commit.
@Suite("Faults")
struct FaultTests {
    @Test(
        "a movement whose connection is lost at the commit is recorded once",
        arguments: [FaultyLink.Fault.beforeCommit, .afterCommit])
    func lostAtCommit(fault: FaultyLink.Fault) async throws {
        try await TestDatabase.withShop { database in
            try await database.withFaultyLink { link in
                try await database.withLedger(primary: database.primaryURL(through: link), limits: .patient) {
                    ledger in
                    for _ in 0..<5 {
                        link.breakNextCommit(fault)
                        let receipts = try await ledger.recordAtOnce(20, of: .stockIn(1))
                        #expect(Set(receipts.map(\.position)).count == 20)
                        #expect(link.faultsLeft == 0)
                    }
                    #expect(try await ledger.onHand(.sugarInOne) == 100)
                    #expect(try await AuditVerification(ledger: ledger).verify(.one).position.rawValue == 100)
                }
            }
        }
    }

    @Test(
        "refusals whose connection is lost at the commit are recorded",
        arguments: [FaultyLink.Fault.beforeCommit, .afterCommit])
    func refusalLostAtCommit(fault: FaultyLink.Fault) async throws {
        try await TestDatabase.withShop { database in
            try await database.withFaultyLink { link in
                try await database.withLedger(primary: database.primaryURL(through: link), limits: .patient) {
                    ledger in
                    var context = CommandContext(
                        actor: "key:test", requestID: "test",
                        idempotency: IdempotencyKey(principal: "key:test", key: "k", fingerprint: [1]))
                    context.recordsRefusals = true
                    link.breakNextCommit(fault)
                    for _ in 0..<2 {
                        await #expect {
                            try await ledger.record(.sale(1), context)
                        } throws: { error in
                            if case .refused(.insufficientStock)? = error as? LedgerError { true } else { false }
                        }
                        _ = try await ledger.record(.stockIn(1), .testing)
                    }
                    #expect(link.faultsLeft == 0)
                }
            }
        }
    }

    @Test(
        "a product whose connection is lost at the commit is created once",
        arguments: [FaultyLink.Fault.beforeCommit, .afterCommit])
    func catalogLostAtCommit(fault: FaultyLink.Fault) async throws {
        try await TestDatabase.withShop { database in
            try await database.withFaultyLink { link in
                try await database.withLedger(primary: database.primaryURL(through: link), limits: .patient) {
                    ledger in
                    link.breakNextCommit(fault)
                    let item = try await ledger.change(
                        .createProduct(nil, ProductDetails(name: "Tea")), .testing
                    ).value
                    #expect(link.faultsLeft == 0)
                    let page = try await ledger.products(ProductQuery(), Freshness()).value
                    #expect(page.items.count { item == .product($0) } == 1)
                    #expect(page.items.count { $0.details.name == "Tea" } == 1)
                }
            }
        }
    }

    @Test("a batch that fails for a while is run again until it succeeds")
    func retried() async throws {
        try await TestDatabase.withShop { database in
            try await database.execute(
                """
                create sequence attempts;
                create function fail_for_a_while() returns trigger language plpgsql security definer as $$
                begin
                    if nextval('attempts') <= 4 then
                        raise exception 'try again' using errcode = 'serialization_failure';
                    end if;
                    return null;
                end $$;
                create constraint trigger fail after insert on audit_log deferrable initially deferred
                    for each row execute function fail_for_a_while();
                """)
            try await database.withLedger { ledger in
                let recorded = try await ledger.record(.stockIn(3), .testing).value
                #expect(recorded.onHand == 3)
                #expect(try await ledger.onHand(.sugarInOne) == 3)
            }
        }
    }

    @Test("a command that the database rejects fails alone")
    func poisoned() async throws {
        try await TestDatabase.withShop { database in
            try await database.execute("alter table movements add check (note is distinct from 'poison')")
            try await database.withLedger { ledger in
                let outcomes = await withTaskGroup(of: Bool.self) { group in
                    for index in 0..<30 {
                        group.addTask {
                            var movement = Movement.stockIn(1)
                            if index == 13 { movement.notes.note = "poison" }
                            return (try? await ledger.record(movement, .testing)) != nil
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(outcomes.count { $0 } == 29)
                #expect(try await ledger.onHand(.sugarInOne) == 29)
                _ = try await AuditVerification(ledger: ledger).verify(.one)
            }
        }
    }

    @Test("when the primary is gone, writers are told so, and nothing hangs")
    func primaryGone() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger(primary: "postgresql://postgres@127.0.0.1:1/none") { ledger in
                _ = await #expect {
                    try await ledger.record(.stockIn(1), .testing)
                } throws: { error in
                    if case .unavailable? = error as? LedgerError { true } else { false }
                }
            }
        }
    }

    @Test("a primary that lacks disk or memory is unavailable, for all of a batch and no longer than it lasts")
    func resources() async throws {
        try await TestDatabase.withShop { database in
            try await database.execute(
                """
                create function fill() returns trigger language plpgsql as $$
                begin raise 'could not extend file' using errcode = 'disk_full'; end
                $$;
                create trigger fill before insert on movements for each row execute function fill()
                """)
            try await database.withLedger { ledger in
                await #expect {
                    try await ledger.record(.stockIn(1), .testing)
                } throws: { error in
                    if case .unavailable? = error as? LedgerError { true } else { false }
                }
                try await database.execute("drop function fill() cascade")
                _ = try await ledger.record(.stockIn(1), .testing)
            }
        }
    }

    @Test("a read whose session the server ends can be made again: it is no defect")
    func endedRead() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger { ledger in
                _ = try await ledger.record(.stockIn(1), .testing)
                try await database.execute(
                    """
                    create or replace function position_before(ledger bigint, moment timestamptz) returns bigint
                    language plpgsql as $$
                    begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(10); return 0; end
                    $$
                    """)
                await #expect {
                    try await ledger.stock(StockQuery(storeID: .one, asOf: .now), Freshness())
                } throws: { error in
                    if case .unavailable? = error as? LedgerError { true } else { false }
                }
            }
        }
    }

    @Test("a lane that is stuck takes only so many commands, and carries those out")
    func overload() async throws {
        try await TestDatabase.withShop { database in
            var limits = LedgerLimits()
            limits.lanes = 1
            limits.write.linesWaiting = 10
            try await database.withLedger(limits: limits) { ledger in
                let refused = Counter()
                let outcomes = try await database.whileStoreIsLocked {
                    let outcomes = (0..<40).map { _ in
                        Task {
                            do {
                                _ = try await ledger.record(.stockIn(1), .testing)
                                return true
                            } catch LedgerError.overloaded {
                                refused.increment()
                                return false
                            }
                        }
                    }
                    try await eventually("the queue is full") { refused.value >= 29 }
                    return outcomes
                }
                var accepted: Int64 = 0
                for outcome in outcomes where try await outcome.value { accepted += 1 }
                // Ten wait, and one may be on its way to the database.
                #expect((10...11).contains(accepted))
                #expect(try await ledger.onHand(.sugarInOne) == accepted)
            }
        }
    }

    @Test("cancelling a caller does not cancel its commit")
    func cancelled() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger { ledger in
                let task = Task { try await ledger.record(.stockIn(1), .testing).value.onHand }
                task.cancel()
                let answered = try await task.value
                #expect(answered == 1)
                #expect(try await ledger.onHand(.sugarInOne) == 1)
            }
        }
    }

    @Test("what was accepted before the shutdown is committed and answered")
    func shutdown() async throws {
        try await TestDatabase.withShop { database in
            let answered = try await database.withLedger { ledger in
                // Returned unfinished: the ledger shuts down around them.
                let tasks = (0..<200).map { _ in
                    Task { (try? await ledger.record(.stockIn(1), .testing)) != nil }
                }
                _ = try await ledger.record(.stockIn(1), .testing)
                return tasks
            }
            var recorded: Int64 = 1
            for task in answered where await task.value { recorded += 1 }
            #expect(try await database.integers("select on_hand from stock_levels") == [recorded])
            #expect(recorded > 1)
        }
    }

    @Test("two processes that write to the same stores keep one ledger each")
    func twoProcesses() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger { first in
                try await database.withLedger { second in
                    async let one = first.recordAtOnce(100, of: .stockIn(2))
                    async let two = second.recordAtOnce(100, of: .sale(1), ignoringRefusals: true)
                    let positions = try await (one + two).map(\.position.rawValue).sorted()
                    #expect(positions == Array(1...Int64(positions.count)))
                    _ = try await AuditVerification(ledger: first).verify(.one)
                }
            }
        }
    }

    @Test("who it is that asks is known while all connections for reads are busy")
    func credentials() async throws {
        var limits = LedgerLimits()
        (limits.primaryReadConnections, limits.waitingReads) = (1, 1)
        try await TestDatabase.withShop { [limits] database in
            try await database.withLedger(limits: limits) { ledger in
                try await database.withPool { holder in
                    try await holder.run { try $0.script("select pg_advisory_lock(1)") }
                    async let read: Void = ledger.primary.run { try $0.script("select pg_advisory_lock(1)") }
                    // What fails here must not leave the lock held.
                    await #expect(throws: Never.self) {
                        try await eventually("the read waits") { ledger.primary.status.busy == 1 }
                    }
                    #expect(try await ledger.apiKey("unknown") == nil)
                    try await holder.run { try $0.script("select pg_advisory_unlock(1)") }
                    try await read
                }
            }
        }
    }

    @Test("a ledger that shuts down leaves no row of what is known")
    func outboxAfterwards() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger(invalidating: Told()) { ledger in
                try await database.switchCache(to: "khata:cache", ledger)
                _ = try await ledger.record(.stockIn(1), .testing)
                #expect(try await database.integers("select count(*) from outbox") == [1])
            }
            #expect(try await database.integers("select count(*) from outbox") == [0])
        }
    }

    @Test("the outbox does not grow with what is known")
    func outbox() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger(invalidating: Told()) { ledger in
                try await database.switchCache(to: "khata:cache", ledger)
                for _ in 0..<20 { _ = try await ledger.record(.stockIn(1), .testing) }
                #expect(try await database.integers("select count(*) from outbox") == [1])
            }
        }
    }
}

/// A cache that is told of everything.
private struct Told: CacheInvalidating {
    func invalidate(_ invalidations: [Invalidation], in state: CacheState) async -> Bool { true }
}

extension LedgerLimits {
    /// A busy machine may take longer to connect again than a shop would wait.
    fileprivate static var patient: LedgerLimits {
        var limits = LedgerLimits()
        limits.commitTimeout = .seconds(60)
        return limits
    }
}
