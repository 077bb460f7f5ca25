import Inventory
import InventoryTesting
import LedgerTesting
import Postgres
import ServerTesting
import Synchronization
import Testing

@testable import PostgresLedger

extension ReplicaTests {
    @Test("of several replicas, all serve reads")
    func several() async throws {
        try await TestDatabase.withShop { database in
            let replicas = [String](repeating: database.replicaURL, count: 3)
            try await database.withLedger(replicas: replicas) { ledger in
                _ = try await ledger.record(.stockIn(1), .testing)
                try await eventually("each has served some") {
                    _ = try await ledger.level(.sugarInOne, Freshness())
                    return ledger.replicaStatus.allSatisfy { $0.results[.served, default: 0] >= 10 }
                }
                let status = ledger.replicaStatus
                #expect(status.map(\.number) == [1, 2, 3])
                #expect(status.allSatisfy { $0.readsInFlight == 0 && $0.fault == nil })
                try await eventually("health names each") {
                    let health = await ledger.health()
                    return health.allSatisfy { $0.status == .pass }
                        && Set(health.map(\.name)).isSuperset(of: (1...3).map { "replica-\($0):lag" })
                }
            }
        }
    }

    @Test("one that falls silent keeps no read waiting for long, is left out and said, and comes back")
    func silent() async throws {
        try await TestDatabase.withShop { database in
            try await database.withFaultyReplicaLink { link in
                let changes = ReplicaChanges()
                let replicas = [database.replicaURL, database.replicaURL(through: link), database.replicaURL]
                try await database.withLedger(replicas: replicas, observer: changes) { ledger in
                    _ = try await ledger.record(.stockIn(1), .testing)
                    func served() -> [Int] { ledger.replicaStatus.map { $0.results[.served, default: 0] } }
                    try await eventually("all serve") {
                        _ = try await ledger.level(.sugarInOne, Freshness())
                        return served().allSatisfy { $0 > 0 }
                    }
                    link.setSilent(true)
                    let start = ContinuousClock.now
                    try await withThrowingTaskGroup { group in
                        for _ in 0..<30 {
                            group.addTask { try await ledger.onHand(.sugarInOne) }
                        }
                        for try await onHand in group { #expect(onHand == 1) }
                    }
                    // The server's own limit, 35 seconds, would be the silence of a long statement.
                    #expect(ContinuousClock.now - start < .seconds(5))
                    #expect(ledger.replicaStatus.map(\.fault) == [nil, .unreachable, nil])
                    #expect(ledger.replicaStatus[1].results[.unreachable, default: 0] > 0)
                    let health = await ledger.health().filter { $0.status != .pass }
                    #expect(health.map(\.name) == ["replica-2:lag"])
                    #expect(health[0].output == "the replica does not respond: reads do not use it")
                    let before = served()
                    for _ in 0..<20 { _ = try await ledger.level(.sugarInOne, Freshness()) }
                    #expect(served()[1] == before[1] && served()[0] > before[0] && served()[2] > before[2])
                    link.setSilent(false)
                    try await eventually("it serves again") {
                        _ = try await ledger.level(.sugarInOne, Freshness())
                        return served()[1] > before[1]
                    }
                    #expect(changes.all.map(\.number) == [2, 2] && changes.all.map(\.fault) == [.unreachable, nil])
                }
            }
        }
    }

    @Test("one that is down is hardly asked")
    func oneDown() async throws {
        try await TestDatabase.withShop { database in
            let replicas = [database.replicaURL, "postgresql://postgres@127.0.0.1:1/none"]
            try await database.withLedger(replicas: replicas) { ledger in
                _ = try await ledger.record(.stockIn(1), .testing)
                try await eventually("it is noticed") { ledger.replicaStatus[1].fault == .unreachable }
                let asked = ledger.replicaStatus[1].results
                for _ in 0..<50 {
                    #expect(try await ledger.onHand(.sugarInOne) == 1)
                }
                #expect(ledger.replicaStatus[1].results == asked)
                #expect(ledger.replicaStatus[0].results[.served, default: 0] > 0)
            }
        }
    }

    @Test("the primary, another primary, and a replica of a copy or of another shop, are told apart and left out")
    func strangers() async throws {
        try await TestDatabase.withShop { database in
            _ = try await database.withLedger { try await $0.record(.stockIn(1), .testing) }
            try await TestDatabase.withShop { other in
                _ = try await other.withLedger { try await $0.record(.stockIn(1), .testing) }
                try await database.withCopy { copy in
                    let replicas = [
                        database.replicaURL, database.primaryURL, copy.replicaURL, other.replicaURL, copy.primaryURL,
                    ]
                    try await database.withLedger(replicas: replicas) { ledger in
                        try await eventually("they are recognised") {
                            ledger.replicaStatus.map(\.fault)
                                == [nil, .primary, .otherDatabase, .otherHistory, .notAReplica]
                        }
                        for _ in 0..<20 {
                            let level = try await ledger.level(.sugarInOne, Freshness())
                            #expect(level.value.onHand == 1)
                        }
                        let results = ledger.replicaStatus.map { $0.results[.served, default: 0] }
                        #expect(results[0] > 0 && results.dropFirst() == [0, 0, 0, 0])
                        let health = await ledger.health()
                        let primary = try #require(health.first { $0.name == "replica-2:lag" })
                        #expect(primary.status == .pass)
                        #expect(primary.output == "the server is the primary: reads do not use it")
                        let warnings = health.filter { $0.status == .warn }
                        #expect(warnings.map(\.name) == ["replica-3:lag", "replica-4:lag", "replica-5:lag"])
                        #expect(
                            warnings.map(\.output) == [
                                "the server is no replica of the primary's database: reads do not use it",
                                "not a replica of this primary, or on an old history: reads do not use it",
                                "the server is another primary, not a replica: reads do not use it",
                            ])
                    }
                }
            }
        }
    }

    @Test("one that has not followed a promotion is left out, and used again when it has")
    func oldHistory() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger(replicas: [database.replicaURL, database.replicaURL]) { ledger in
                _ = try await ledger.record(.stockIn(1), .testing)
                try await eventually { try await ledger.level(.sugarInOne, Freshness()).source == .replica }
                try await TestDatabase.withReplayPaused {
                    try await database.loseHistory()
                    try await eventually("they are left out") {
                        ledger.replicaStatus.allSatisfy { $0.fault == .otherHistory }
                    }
                    #expect(try await ledger.level(.sugarInOne, Freshness()).source == .primary)
                }
                try await eventually { try await ledger.level(.sugarInOne, Freshness()).source == .replica }
            }
        }
    }

    @Test("one that is behind is not asked again and again for what it cannot have; far behind, for nothing")
    func farBehind() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger(replicas: [database.replicaURL]) { ledger in
                _ = try await ledger.record(.stockIn(1), .testing)
                try await eventually { try await ledger.level(.sugarInOne, Freshness()).source == .replica }
                func asked() -> Int { ledger.replicaStatus[0].results.values.reduce(0, +) }
                try await TestDatabase.withReplayPaused {
                    let recorded = try await ledger.record(.stockIn(1), .testing)
                    try await eventually("it is known to be behind") {
                        let before = asked()
                        #expect(try await ledger.onHand(.sugarInOne) == 2)
                        try await Task.sleep(for: .milliseconds(600))
                        _ = try await ledger.level(.sugarInOne, Freshness())
                        return asked() == before
                    }
                    let history = try #require(recorded.history)
                    let known = Freshness(required: Requirement(anyOf: history))
                    #expect(try await ledger.stock(StockQuery(storeID: .two), known).source == .replica)
                    try await database.execute(
                        "create table ballast as select repeat(i::text, 200) from generate_series(1, 40000) i")
                    try await eventually("it is far behind") { ledger.replicaStatus[0].fault == .farBehind }
                    #expect(try await ledger.stock(StockQuery(storeID: .two), known).source == .primary)
                    let health = await ledger.health().filter { $0.status != .pass }
                    #expect(health.map(\.output) == ["the replica is more than 16 MiB behind: reads do not use it"])
                }
                try await eventually { try await ledger.level(.sugarInOne, Freshness()).source == .replica }
                #expect(ledger.replicaStatus[0].fault == nil)
            }
        }
    }
}

/// Keeps what was observed of replicas.
private final class ReplicaChanges: LedgerObserver {
    private let changes = Mutex<[(number: Int, fault: ReplicaFault?)]>([])

    var all: [(number: Int, fault: ReplicaFault?)] { changes.withLock { $0 } }

    func observe(_ observation: LedgerObservation) {
        guard case .replicaChanged(let number, _, let fault, _) = observation else { return }
        changes.withLock { $0.append((number, fault)) }
    }
}
