import Inventory
import InventoryTesting
import LedgerTesting
import Testing

@Suite("Verifying a ledger")
struct VerificationTests {
    @Test("finds nothing while others record and change the catalog", arguments: LedgerUnderTest.allCases)
    func underLoad(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            let done = Counter()
            try await withThrowingTaskGroup { group in
                for writer in 0..<3 {
                    group.addTask {
                        defer { done.increment() }
                        try await Self.write(ledger, writer: writer)
                    }
                }
                var rounds = 0
                while done.value < 3 || rounds < 3 {
                    try await ledger.expectSound()
                    rounds += 1
                }
                try await group.waitForAll()
            }
            try await ledger.expectSound()
            let finding = try await LedgerVerification(ledger).verify(.one)
            #expect(finding.levels >= 2 && finding.head?.position ?? .zero > Position(rawValue: 300))
        }
    }

    private static func write(_ ledger: any AnyLedger, writer: Int) async throws {
        for round in 0..<60 {
            let product = ProductID(rawValue: Int64(1_000 * (writer + 1) + round))
            let level = LevelKey(.one, product)
            _ = try await ledger.change(
                .createProduct(product, ProductDetails(name: "Product \(product)")), .testing())
            let batch = Batch([.stockIn(5, level), .stockIn(7), .sale(1)], isAtomic: true)
            _ = try await ledger.record(batch, .testing())
            _ = try await ledger.record(.sugar(2), .testing())
            _ = try await ledger.change(
                .replaceProduct(product, ProductDetails(name: "Renamed \(product)"), ifVersion: .any), .testing())
            guard round % 2 == 0 else { continue }
            _ = try await ledger.record(.of(.manualRemoval, 5, level), .testing())
            _ = try await ledger.change(.archiveProduct(product, ifVersion: .any), .testing())
        }
    }

    @Test(
        "compares with ends that were kept, and misses stores that are not there", arguments: LedgerUnderTest.allCases)
    func heads(ledger: LedgerUnderTest) async throws {
        try await ledger.with { ledger in
            for _ in 0..<5 { _ = try await ledger.record(.stockIn(1), .testing()) }
            let verification = LedgerVerification(ledger)
            let head = try #require(try await verification.verify(.one).head)
            _ = try await ledger.record(.stockIn(1), .testing())
            func kept(_ position: Int64, _ hash: AuditHash) -> StoredHead {
                StoredHead(
                    storeID: .one, position: Position(rawValue: position), hash: hash,
                    notedAt: Timestamp(microseconds: 0))
            }
            func found(_ heads: [StoredHead], _ store: StoreID = .one) async throws -> [String] {
                try await verification.verify(store, against: heads).differences.first.map(\.description)
            }
            let same = kept(5, head.hash)
            #expect(try await found([kept(0, .origin), same]) == [])
            #expect(
                try await found([same, kept(6, head.hash)]) == [
                    "store 1, position 6: entry 6, which was there on 1970-01-01T00:00:00.000000Z, is gone or was changed"
                ])
            #expect(
                try await found([kept(3, head.hash), kept(9, head.hash)]) == [
                    "store 1, position 1: entries 1 to 3, which were there on 1970-01-01T00:00:00.000000Z, are gone or "
                        + "were changed",
                    "store 1, position 7: entries 7 to 9, which were there on 1970-01-01T00:00:00.000000Z, are gone",
                ])
            let missing = StoreID(rawValue: 9)
            let gone = StoredHead(
                storeID: missing, position: Position(rawValue: 4), hash: head.hash, notedAt: same.notedAt)
            #expect(
                try await found([gone], missing) == [
                    "store 9: there is no such store",
                    "store 9, position 1: entries 1 to 4, which were there on 1970-01-01T00:00:00.000000Z, are gone",
                ])
        }
    }
}
