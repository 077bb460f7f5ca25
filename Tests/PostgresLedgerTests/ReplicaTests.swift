import Access
import Inventory
import InventoryTesting
import LedgerTesting
import Postgres
import ServerTesting
import Testing

@testable import PostgresLedger

/// Where reads go. The replica is one for all tests, so these take turns.
@Suite("The replica", .serialized)
struct ReplicaTests {
    @Test("reads are served by the replica when it is new enough")
    func served() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger(replicas: [database.replicaURL]) { ledger in
                _ = try await ledger.record(.stockIn(1), .testing)
                try await eventually {
                    try await ledger.level(.sugarInOne, Freshness()).source == .replica
                }
            }
        }
    }

    @Test("nobody waits for a replica that was promoted: a server that is none replays nothing")
    func promoted() async throws {
        try await TestDatabase.withShop { database in
            try await database.withPool { pool in
                let error = await #expect(throws: PostgresError.self) {
                    try await pool.run { session in _ = try session.replays(upTo: "0/0") }
                }
                #expect(error?.kind == .connection)
            }
        }
    }

    @Test("while the replica is behind, the primary answers, and never with old stock")
    func behind() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger(replicas: [database.replicaURL]) { ledger in
                _ = try await ledger.record(.stockIn(1), .testing)
                try await eventually { try await ledger.level(.sugarInOne, Freshness()).source == .replica }
                try await TestDatabase.withReplayPaused {
                    _ = try await ledger.record(.stockIn(1), .testing)
                    let level = try await ledger.level(.sugarInOne, Freshness())
                    #expect(level.source == .primary && level.value.onHand == 2)
                    let list = try await ledger.entries(EntryQuery(), Freshness())
                    #expect(list.source == .primary && list.value.items.count == 2)
                    // What is known to be enough is enough, whatever has happened elsewhere.
                    let known = Requirement(
                        history: level.history, position: .zero, catalogPosition: level.catalogPosition,
                        highest: .zero, invalidated: .init(position: .zero, catalogPosition: .zero))
                    let other = try await ledger.stock(StockQuery(storeID: .two), Freshness(required: known))
                    #expect(other.source == .replica)
                }
            }
        }
    }

    @Test("a replica that is behind is passed over for a client that knows more than this process")
    func minimumPosition() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger { writer in
                _ = try await writer.record(.stockIn(1), .testing)
                try await database.withLedger(replicas: [database.replicaURL]) { reader in
                    try await eventually {
                        try await reader.level(.sugarInOne, Freshness()).position == Position(rawValue: 1)
                    }
                    try await TestDatabase.withReplayPaused {
                        let recorded = try await writer.record(.stockIn(1), .testing).value
                        let level = try await reader.level(
                            .sugarInOne, Freshness(atLeast: LedgerPoint(recorded.position)))
                        #expect(level.value.onHand == 2 && level.source == .primary)
                    }
                }
            }
        }
    }

    @Test("a current read sees what another process has committed: from the primary, or from a replica that has it")
    func current() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger { writer in
                try await database.withLedger(replicas: [database.replicaURL]) { reader in
                    let current = Freshness()
                    _ = try await writer.record(.stockIn(1), .testing)
                    try await TestDatabase.withReplayPaused {
                        _ = try await writer.record(.stockIn(1), .testing)
                        let level = try await reader.level(.sugarInOne, current)
                        #expect(level.value.onHand == 2 && level.source == .primary)
                        #expect(try await reader.entries(EntryQuery(), current).value.items.count == 2)
                        #expect(try await reader.report(ReportQuery(), current).value.items.map(\.stockIn) == [2])
                    }
                    try await eventually { try await reader.level(.sugarInOne, current).source == .replica }
                    for count in 3...200 {
                        _ = try await writer.record(.stockIn(1), .testing)
                        let level = try await reader.level(.sugarInOne, current)
                        #expect(level.value.onHand == Int64(count))
                    }
                }
            }
        }
    }

    @Test("health has how far the replica is behind: in bytes, seconds and positions")
    func lag() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger(replicas: [database.replicaURL]) { ledger in
                func lag() async -> [String: Double] {
                    let checks = await ledger.health().filter { $0.name == "replica:lag" }
                    return Dictionary(checks.map { ($0.unit ?? "", $0.observed ?? .nan) }, uniquingKeysWith: max)
                }
                try await eventually("it has everything") { await lag() == ["bytes": 0, "s": 0, "positions": 0] }
                try await TestDatabase.withReplayPaused {
                    for _ in 0..<3 { _ = try await ledger.record(.stockIn(1), .testing) }
                    let first = await lag()
                    #expect(first["positions"] == 3 && first["bytes", default: 0] > 0, "\(first)")
                    try await eventually("time passes") {
                        await lag()["s", default: 0] > first["s", default: .infinity]
                    }
                }
                try await eventually("it has everything again") { await lag()["positions"] == 0 }
            }
        }
    }

    @Test("while the replica is down, the primary answers")
    func down() async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger(replicas: ["postgresql://postgres@127.0.0.1:1/none"]) { ledger in
                _ = try await ledger.record(.stockIn(1), .testing)
                for _ in 0..<10 {
                    #expect(try await ledger.level(.sugarInOne, Freshness()).source == .primary)
                }
                let health = await ledger.health()
                #expect(health.map(\.name) == ["primary:responseTime", "replica:lag"])
                #expect(health.map(\.status) == [.pass, .warn])
                #expect(await ledger.isReady())
            }
        }
    }

    @Test("while the primary is out of reach, nothing is passed off as current", arguments: [false, true])
    func primaryDown(servesUnproven: Bool) async throws {
        try await TestDatabase.withShop { database in
            try await database.withLedger { writer in
                let recorded = try await writer.record(.stockIn(1), .testing).value
                let key = APIKey.generate()
                _ = try await writer.addAPIKey(NewAPIKey(key, name: "a", grant: Grant(role: .reader)))
                var limits = LedgerLimits()
                limits.servesUnproven = servesUnproven
                try await database.withLedger(
                    primary: "postgresql://postgres@127.0.0.1:1/none", replicas: [database.replicaURL], limits: limits
                ) { reader in
                    if servesUnproven {
                        try await eventually("an answer") {
                            let level = try? await reader.level(
                                .sugarInOne, Freshness(atLeast: LedgerPoint(recorded.position)))
                            return level?.value.onHand == 1 && level?.unproven == Staleness(provenAt: nil)
                        }
                        let next = await #expect(throws: LedgerError.self) {
                            try await reader.level(.sugarInOne, Freshness(atLeast: LedgerPoint(recorded.position.next)))
                        }
                        #expect(next?.isUnavailable == true)
                    } else {
                        let refusal = await #expect(throws: LedgerError.self) {
                            try await reader.level(.sugarInOne, Freshness())
                        }
                        #expect(refusal?.isUnavailable == true)
                    }
                    try await eventually("the key is replicated") { (try? await reader.apiKey(key.id)) != nil }
                    let health = await reader.health()
                    #expect(health[0].status == .fail && health[1].observed != nil)
                    #expect(await reader.isReady() == servesUnproven)
                }
            }
        }
    }
}

extension LedgerError {
    fileprivate var isUnavailable: Bool {
        if case .unavailable = self { true } else { false }
    }
}
